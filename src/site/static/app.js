/* Makes pages live.  Everything works without it; what it does:

   - counts down, by the server's clock: data-deadline, data-now (milliseconds) on an element, and
     in it data-left (what is left); data-from for the bar, data-soon, data-last, data-over: what
     to say two minutes and thirty seconds before the end, and at the end;
   - keeps forms from being sent twice: data-busy on a button is what it says in the meantime;
   - data-live="/live/…" on an element names a stream of events: whenever it tells something, the
     page is fetched again, and its data-region elements are put in place of those here. */
'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  const announce = (text) => {
    const place = one('[data-announce]');
    if (place && text) place.textContent = text;
  };

  /* ---- countdowns ---- */

  const SOON = 120;
  const LAST = 30;

  /* The server's now, as it told us, and how long ago that was by a clock that nobody sets.  A page
     that took long to arrive is that much older: at worst we say less time than there is. */
  const anchors = new WeakMap();

  const set_anchor = (box, arrived) => anchors.set(box, Number(box.dataset.now) - arrived);

  const arrival = () => {
    const entry = performance.getEntriesByType('navigation')[0];
    return entry ? entry.responseStart : performance.now();
  };

  const seconds_left = (box) => {
    if (!anchors.has(box)) set_anchor(box, arrival());
    const now = anchors.get(box) + performance.now();
    return Math.max(0, Math.ceil((Number(box.dataset.deadline) - now) / 1000));
  };

  /* How urgent: 0 to 3. */
  const stage_of = (left) => (left === 0 ? 3 : left <= LAST ? 2 : left <= SOON ? 1 : 0);

  const tick_one = (box) => {
    const { soon, last, over, from, deadline } = box.dataset;
    const left = seconds_left(box);
    const stage = stage_of(left);
    const seconds = String(left % 60).padStart(2, '0');
    const place = one('[data-left]', box);
    if (place) place.textContent = `${Math.floor(left / 60)}:${seconds}`;
    if (from) {
      const whole = (Number(deadline) - Number(from)) / 1000;
      box.style.setProperty('--left', Math.min(1, left / whole).toFixed(4));
    }
    box.classList.toggle('soon', stage > 0 && Boolean(soon));
    if (box.stage !== undefined && stage > box.stage) announce([soon, last, over][stage - 1]);
    if (stage === 3 && box.stage !== 3) {
      if (place && over) place.textContent = over;
      box.classList.add('over');
      later(1200); /* the shop needs a moment */
    } else if (stage === 3 && over && place) {
      place.textContent = over;
    }
    box.stage = stage;
  };

  const tick = () => all('[data-deadline]').forEach(tick_one);

  /* ---- forms ---- */

  const let_go = (button) => {
    if (button.label !== undefined) button.textContent = button.label;
    button.removeAttribute('aria-disabled');
    delete button.form.sent;
  };

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if (form.sent) {
      event.preventDefault();
      return;
    }
    form.sent = true;
    const button = event.submitter || one('button', form);
    if (!button) return;
    button.setAttribute('aria-disabled', 'true');
    if (button.dataset.busy) {
      button.label = button.textContent;
      button.textContent = button.dataset.busy;
    }
  });

  /* Addresses to be proud of: without the filters that nobody filled in. */
  document.addEventListener('formdata', (event) => {
    if (!event.target.matches('[data-tidy]')) return;
    for (const [name, value] of [...event.formData]) {
      if (value === '' || value === 'any' || (name === 'sort' && value === 'newest'))
        event.formData.delete(name);
    }
  });

  /* Back from the next page: nothing is being sent any more. */
  window.addEventListener('pageshow', (event) => {
    all('[aria-disabled]').forEach((button) => button.form && let_go(button));
    if (event.persisted) refresh();
  });

  /* ---- new for old ---- */

  const name_of = (element) => {
    for (const name of ['id', 'name', 'href', 'data-busy']) {
      const value = element.getAttribute(name);
      if (value) return `${element.localName}[${name}="${CSS.escape(value)}"]`;
    }
    return null;
  };

  /* What was typed or chosen, by name. */
  const keep_input = (old, fresh) => {
    for (const field of all('input, select, textarea', old)) {
      const other = field.type !== 'hidden' && field.name && name_of(field);
      if (field.type === 'radio' || field.type === 'checkbox') {
        const same = all(`[name="${CSS.escape(field.name)}"]`, fresh);
        const twin = same.find((candidate) => candidate.value === field.value);
        if (twin) twin.checked = field.checked;
      } else if (other && field.value !== field.defaultValue) {
        const twin = one(other, fresh);
        if (twin) twin.value = field.value;
      }
    }
  };

  const put_in_place = (old, fresh) => {
    const focused = old.contains(document.activeElement) ? name_of(document.activeElement) : null;
    const had_focus = old.contains(document.activeElement);
    const said = one('[data-say]', old);
    keep_input(old, fresh);
    old.replaceWith(fresh);
    if (had_focus) (one(focused || 'none', fresh) || one('#main')).focus({ preventScroll: true });
    const says = one('[data-say]', fresh);
    if (says && said && says.textContent !== said.textContent) announce(says.textContent);
  };

  /* Cards stay where they are, so that nothing moves under a finger: one that is gone is marked,
     and new ones wait until they are asked for. */
  const mark_gone = (card, list) => {
    if (card.classList.contains('gone')) return;
    card.classList.add('gone');
    const note = document.createElement('span');
    note.className = 'status';
    note.textContent = list.dataset.gone;
    one('.card-body', card).append(note);
  };

  const offer_more = (list) => {
    if (one('.more')) return;
    const link = document.createElement('a');
    link.className = 'button small primary more';
    link.href = location.href;
    link.textContent = list.dataset.more;
    list.before(link);
    announce(list.dataset.more);
  };

  const update_list = (old, fresh) => {
    const news = new Map(all('[data-ticket]', fresh).map((card) => [card.dataset.ticket, card]));
    for (const card of all('[data-ticket]', old)) {
      const now = news.get(card.dataset.ticket);
      if (!now) mark_gone(card, old);
      else if (now.outerHTML !== card.outerHTML) put_in_place(card, document.adoptNode(now));
    }
  };

  const same = (old, fresh) => {
    const text = (region) =>
      region.outerHTML
        .replace(/ data-(now|version)="\d+"|\?since=\d+| class="countdown[^"]*"| style="[^"]*"/g, '')
        .replace(/name="key" value="[^"]*"/g, '')
        .replace(/(data-left[^>]*>)[^]*?(<\/p>)/g, '$1$2');
    return text(old) === text(fresh);
  };

  /* The countdown goes on from what the server says now. */
  const take_time = (old, fresh) => {
    const boxes = all('[data-deadline]', old);
    all('[data-deadline]', fresh).forEach((box, i) => {
      if (!boxes[i]) return;
      boxes[i].dataset.now = box.dataset.now;
      set_anchor(boxes[i], performance.now());
    });
  };

  const replace_regions = (page) => {
    for (const fresh of all('[data-region]', page)) {
      const old = one(`[data-region="${fresh.dataset.region}"]`);
      if (!old || one('[aria-disabled]', old)) continue; /* something is being sent */
      if (old.dataset.region === 'list') {
        update_list(old, fresh);
      } else if (same(old, fresh)) {
        take_time(old, fresh);
        if (fresh.dataset.version) old.dataset.version = fresh.dataset.version;
      } else {
        const adopted = document.adoptNode(fresh);
        all('[data-deadline]', adopted).forEach((box) => set_anchor(box, performance.now()));
        put_in_place(old, adopted);
      }
    }
    tick();
  };

  /* ---- fetching again ---- */

  let fetching = false;
  let again = false;
  let waiting = 0;

  const refresh = async () => {
    if (!one('[data-region], [data-live]')) return;
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-cache' });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) {
        location.reload(); /* signed out, most likely */
        return;
      }
      const text = await answer.text();
      if (answer.ok) replace_regions(new DOMParser().parseFromString(text, 'text/html'));
    } catch {
      later(5000);
    } finally {
      fetching = false;
      if (again) {
        again = false;
        later(300);
      }
    }
  };

  const later = (ms) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!document.hidden) refresh();
    }, ms);
  };

  /* ---- events ---- */

  let stream = null;
  let missed = false;

  /* Many look at the same page: they do not all come back in the same instant. */
  const soon = () => later(50 + Math.random() * 450);

  /* {"id", "status", "price", "version"} of a ticket. */
  const heard = (event) => {
    const ticket = JSON.parse(event.data);
    const region = one('[data-live]');
    if (region.dataset.region !== 'list') {
      if (!region.dataset.version || ticket.version > Number(region.dataset.version)) soon();
      return;
    }
    const card = one(`[data-ticket="${CSS.escape(ticket.id)}"]`, region);
    if (card && ticket.status !== 'available') mark_gone(card, region);
    else if (card) soon();
    else if (ticket.version === 0 && 'first' in region.dataset) offer_more(region);
  };

  const listen = () => {
    const place = one('[data-live]');
    if (!place || stream || document.hidden || !window.EventSource) return;
    stream = new EventSource(place.dataset.live);
    stream.addEventListener('ticket', heard);
    stream.addEventListener('missed', soon);
    stream.onopen = () => {
      if (missed) soon();
      missed = false;
    };
    stream.onerror = () => {
      missed = true;
      if (stream.readyState !== EventSource.CLOSED) return; /* the browser tries again itself */
      stream = null;
      setTimeout(listen, 10000);
    };
  };

  const hush = () => {
    if (stream) stream.close();
    stream = null;
  };

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      hush();
      return;
    }
    later(0);
    listen();
  });
  window.addEventListener('pagehide', hush);
  window.addEventListener('pageshow', (event) => event.persisted && listen());

  tick();
  setInterval(tick, 1000);
  listen();
})();
