#include "tests/test.h"

#include <semaphore.h>

#include "adapters/passwords.h"

/* One piece of work and its end.  The gate lets a test hold the thread that reports it. */
struct task {
    struct work work;
    struct arena arena;
    sem_t done;
    sem_t *gate;
};

static struct task task_of(enum work_kind kind, str password, str hash)
{
    struct task task = { .work = { .kind = kind, .password = password, .hash = hash } };
    return task;
}

static void on_done(void *context)
{
    struct task *task = context;
    sem_post(&task->done);
    if (task->gate != NULL)
        sem_wait(task->gate);
}

static bool submit(struct passwords *passwords, struct task *task)
{
    sem_init(&task->done, 0, 0);
    return passwords_submit(passwords, &task->work, &task->arena, on_done, task);
}

/* Runs one task on a pool of its own. */
static void run(struct task *task, enum password_cost cost)
{
    struct passwords *passwords = passwords_open(1, 1, cost);
    assert_true(submit(passwords, task));
    sem_wait(&task->done);
    passwords_close(passwords);
}

TEST(a_password_is_its_own_hash_and_no_other_is)
{
    struct task hash = task_of(WORK_HASH, S("correct horse"), (str){ NULL, 0 });
    run(&hash, PASSWORD_COST_FAST);
    assert_true(hash.work.ok);
    assert_true(str_starts(hash.work.hash, S("$argon2id$v=19$")));

    struct task right = task_of(WORK_VERIFY, S("correct horse"), hash.work.hash);
    run(&right, PASSWORD_COST_FAST);
    assert_true(right.work.ok);
    struct task wrong = task_of(WORK_VERIFY, S("correct horse "), hash.work.hash);
    run(&wrong, PASSWORD_COST_FAST);
    assert_false(wrong.work.ok);
    arena_free(&hash.arena);
}

TEST(passwords_are_hashed_as_owasp_asks)
{
    struct task hash = task_of(WORK_HASH, S("correct horse"), (str){ NULL, 0 });
    run(&hash, PASSWORD_COST_OWASP);
    assert_true(str_starts(hash.work.hash, S("$argon2id$v=19$m=19456,t=2,p=1$")));
    arena_free(&hash.arena);
}

TEST(the_same_password_never_has_the_same_hash)
{
    struct task one = task_of(WORK_HASH, S("correct horse"), (str){ NULL, 0 });
    struct task two = task_of(WORK_HASH, S("correct horse"), (str){ NULL, 0 });
    run(&one, PASSWORD_COST_FAST);
    run(&two, PASSWORD_COST_FAST);
    assert_false(str_equal(one.work.hash, two.work.hash));
    arena_free(&one.arena);
    arena_free(&two.arena);
}

TEST(a_new_password_is_hashed_only_if_the_old_one_is_right)
{
    struct task hash = task_of(WORK_HASH, S("old password"), (str){ NULL, 0 });
    run(&hash, PASSWORD_COST_FAST);
    struct task change = task_of(WORK_VERIFY, S("old password"), hash.work.hash);
    change.work.new_password = S("new password");
    run(&change, PASSWORD_COST_FAST);
    assert_true(change.work.ok);
    struct task check = task_of(WORK_VERIFY, S("new password"), change.work.new_hash);
    run(&check, PASSWORD_COST_FAST);
    assert_true(check.work.ok);

    struct task wrong = task_of(WORK_VERIFY, S("no password"), hash.work.hash);
    wrong.work.new_password = S("new password");
    run(&wrong, PASSWORD_COST_FAST);
    assert_false(wrong.work.ok);
    assert_null(wrong.work.new_hash.data);
    arena_free(&hash.arena);
    arena_free(&change.arena);
}

TEST(what_is_no_hash_matches_nothing)
{
    char long_hash[300];
    memset(long_hash, '$', sizeof long_hash);
    str hashes[] = { { NULL, 0 }, S(""), S("$argon2id$"), { long_hash, sizeof long_hash } };
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        struct task task = task_of(WORK_VERIFY, S("correct horse"), hashes[i]);
        run(&task, PASSWORD_COST_FAST);
        assert_false(task.work.ok);
    }
}

TEST(a_full_queue_refuses_and_every_accepted_work_is_reported_once)
{
    sem_t gate;
    sem_init(&gate, 0, 0);
    struct passwords *passwords = passwords_open(1, 2, PASSWORD_COST_FAST);
    struct task tasks[4];
    for (size_t i = 0; i < 4; i++)
        tasks[i] = task_of(WORK_HASH, S("correct horse"), (str){ NULL, 0 });
    tasks[0].gate = &gate;
    assert_true(submit(passwords, &tasks[0]));
    sem_wait(&tasks[0].done); /* the thread is busy with telling us */
    assert_true(submit(passwords, &tasks[1]));
    assert_true(submit(passwords, &tasks[2]));
    assert_false(submit(passwords, &tasks[3]));
    sem_post(&gate);
    sem_wait(&tasks[1].done);
    sem_wait(&tasks[2].done);
    passwords_close(passwords);
    for (size_t i = 0; i < 3; i++) {
        assert_true(tasks[i].work.ok);
        assert_int_equal(sem_trywait(&tasks[i].done), -1);
        arena_free(&tasks[i].arena);
    }
}

TEST(closing_reports_what_was_not_done_as_not_ok)
{
    struct passwords *passwords = passwords_open(1, 8, PASSWORD_COST_FAST);
    struct task tasks[8];
    for (size_t i = 0; i < 8; i++) {
        tasks[i] = task_of(WORK_HASH, S("correct horse"), (str){ NULL, 0 });
        assert_true(submit(passwords, &tasks[i]));
    }
    passwords_close(passwords);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(sem_trywait(&tasks[i].done), 0);
        assert_int_equal(sem_trywait(&tasks[i].done), -1);
        assert_int_equal(tasks[i].work.ok, tasks[i].work.hash.data != NULL);
        arena_free(&tasks[i].arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_is_its_own_hash_and_no_other_is),
        cmocka_unit_test(passwords_are_hashed_as_owasp_asks),
        cmocka_unit_test(the_same_password_never_has_the_same_hash),
        cmocka_unit_test(a_new_password_is_hashed_only_if_the_old_one_is_right),
        cmocka_unit_test(what_is_no_hash_matches_nothing),
        cmocka_unit_test(a_full_queue_refuses_and_every_accepted_work_is_reported_once),
        cmocka_unit_test(closing_reports_what_was_not_done_as_not_ok),
    };
    return RUN_TESTS(tests);
}
