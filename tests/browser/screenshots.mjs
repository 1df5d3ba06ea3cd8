// Takes every page of the shop, in light and dark, on a phone and on a desktop.
// usage: node screenshots.mjs USHER FOLDER [NAME…]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { all_pages } from './pages.mjs';
import { DESKTOP, PHONE, Shop, launch_browser } from './shop.mjs';

const [program, folder, ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const shop = await Shop.start(program, '--sample-data');
const fonts = fileURLToPath(new URL('fonts.conf', import.meta.url));
const browser = await launch_browser({ FONTCONFIG_FILE: fonts });

const pages = await all_pages(shop);
const sizes = { phone: PHONE, desktop: DESKTOP, narrow: { width: 320, height: 640 }, wide: { width: 1920, height: 1080 } };

async function take(name, who, path, act, size, scheme) {
    const context = await browser.newContext({
        viewport: sizes[size], colorScheme: scheme, locale: 'en-GB', baseURL: shop.url, deviceScaleFactor: 1,
    });
    if (who)
        await context.addCookies([who.cookie()]);
    const page = await context.newPage();
    await page.goto(path);
    if (act)
        await act(page);
    const too_wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (too_wide > 0)
        console.log(`${name} (${size}): ${too_wide} px too wide`);
    await page.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`), fullPage: !['ticket', 'ticket-menu'].includes(name) });
    await context.close();
}

let taken = 0;
for (const [name, who, path, act] of pages) {
    if (wanted.length > 0 && !wanted.includes(name))
        continue;
    for (const [size, scheme] of [['phone', 'light'], ['phone', 'dark'], ['desktop', 'light'],
        ['desktop', 'dark'], ['narrow', 'light'], ['wide', 'light']]) {
        await take(name, who, path, act, size, scheme);
        taken++;
    }
}
await browser.close();
await shop.stop();
console.log(`${taken} screenshots in ${folder}`);
