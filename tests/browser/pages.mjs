// Every page of the shop in every state, as people may come to see it.
import { LONG_TITLE, days_from_now } from './shop.mjs';

const answer_to = async (page, button) => {
    await Promise.all([page.waitForNavigation(), page.click(button)]);
};

/* Fills a shop that has its sample data.  Returns for each page: its name, who looks (null: a
   stranger), where, and what to do there. */
export async function all_pages(shop) {
    const alice = await shop.sign_in('alice@example.com', 'usher-demo');
    const bob = await shop.sign_in('bob@example.com', 'usher-demo');
    const carol = await shop.sign_up('carol@example.com', 'Carol');
    const dave = await shop.sign_up('dave@example.com', 'Dave');

    const tickets = (await shop.ask('GET', '/api/tickets?limit=100')).json;
    const named = (title) => tickets.find((ticket) => ticket.title.startsWith(title));
    const long = await carol.list({
        title: LONG_TITLE, price: '1249.50', faceValue: '1400', category: 'concert', startsAt: days_from_now(200),
        venue: 'The Grand Hall of the Society for the Advancement of Music and the Performing Arts, Lower Riverside',
        seat: 'Orchestra, left centre, Row AA, Seat 101 (restricted view of the percussion section)',
        description: 'Two seats beside each other are sold separately.\n\nDoors open an hour before it begins. '
            + 'The ticket is on paper: I send it by post the same day, or hand it over in front of the hall.',
    });
    const bare = await carol.list({ title: 'Museum late opening', price: '9' });
    await carol.list({ title: 'Harbour Sessions: Sunday', price: '34', category: 'festival', venue: 'Pier 4' });
    const sold = await carol.list({ title: 'Derby Day', price: '55', category: 'sports', startsAt: days_from_now(8), venue: 'Riverside Stadium' });
    const withdrawn = await carol.list({ title: 'Chamber Music at Noon', price: '18', category: 'concert' });
    await carol.ask('DELETE', `/api/tickets/${withdrawn.id}`);
    const bought = await bob.order(sold);
    await bob.pay(bought);
    const declined = await bob.order(named('Late Laughs'));
    await bob.pay(declined, 'pm_card_visa_chargeDeclined');
    const cancelled = await bob.order(named('A Winter'));
    await bob.ask('DELETE', `/api/orders/${cancelled.id}`);
    const locked = await bob.order(named('Northern Lights'));
    const reserved = named('Northern Lights');

    return [
        ['browse', null, '/'],
        ['browse-filters', null, '/?category=concert&minPrice=10&q=the'],
        ['browse-filter-error', null, '/?minPrice=lots'],
        ['browse-none-found', null, '/?q=unicorns'],
        ['browse-german', null, '/language/de?next=/'],
        ['ticket', null, `/tickets/${named('Midnight').id}`],
        ['ticket-signed-in', dave, `/tickets/${named('The Glass').id}`],
        ['ticket-long', dave, `/tickets/${long.id}`],
        ['ticket-bare', dave, `/tickets/${bare.id}`],
        ['ticket-own', alice, `/tickets/${named('Cup Final').id}`],
        ['ticket-reserved', dave, `/tickets/${reserved.id}`],
        ['ticket-mine', bob, `/tickets/${reserved.id}`],
        ['ticket-sold', null, `/tickets/${sold.id}`],
        ['ticket-withdrawn', null, `/tickets/${withdrawn.id}`],
        ['ticket-menu', bob, `/tickets/${bare.id}`, async (page) => {
            if (await page.isVisible('.menu-button'))
                await page.click('.menu-button');
        }],
        ['sell', dave, '/tickets/new'],
        ['sell-errors', dave, '/tickets/new', async (page) => {
            await page.fill('#price', 'a lot');
            await page.fill('#venue', 'Court Theatre');
            await page.fill('#startsAt', '2020-01-01T20:00');
            await answer_to(page, 'main form .primary');
        }],
        ['edit', carol, `/tickets/${long.id}/edit`],
        ['selling', carol, '/selling'],
        ['selling-empty', dave, '/selling'],
        ['orders', bob, '/orders'],
        ['orders-empty', dave, '/orders'],
        ['order-countdown', bob, `/orders/${locked.id}`],
        ['order-receipt', bob, `/orders/${bought.id}`],
        ['order-declined', bob, `/orders/${declined.id}`],
        ['order-cancelled', bob, `/orders/${cancelled.id}`],
        ['pay', bob, `/orders/${locked.id}/pay`],
        ['account', bob, '/account'],
        ['account-error', bob, '/account', async (page) => {
            await page.fill('#phone', '12');
            await answer_to(page, 'form[action="/account"] button');
        }],
        ['sign-in', null, '/auth/signin?next=/orders'],
        ['sign-in-first', null, '/orders'],
        ['sign-in-error', null, '/auth/signin', async (page) => {
            await page.fill('#email', 'bob@example.com');
            await page.fill('#password', 'not it');
            await answer_to(page, 'main form button');
        }],
        ['sign-up', null, '/auth/signup'],
        ['sign-up-errors', null, '/auth/signup', async (page) => {
            await page.fill('#email', 'nobody');
            await page.fill('#password', 'x');
            await answer_to(page, 'main form button');
        }],
        ['sign-out', bob, '/auth/signout'],
        ['missing', null, '/nothing/here'],
        ['forbidden', dave, `/orders/${locked.id}`],
    ];
}
