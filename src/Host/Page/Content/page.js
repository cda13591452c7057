// Keeps a page up to date: the line at its top comes as events; when the campaign has gone on, the page itself is fetched anew.
'use strict';

const main = document.getElementById('main');
const strip = document.getElementById('strip');
const lost = document.getElementById('lost');
const pages = document.getElementById('pages');
const isLive = main.hasAttribute('data-live');
const pause = 1000;

let shown = null;
let wanted = null;
let isFetching = false;

function connect() {
  const events = new EventSource('/live');
  events.addEventListener('open', () => { lost.hidden = true; });
  events.addEventListener('now', event => {
    const now = JSON.parse(event.data);
    if (strip.innerHTML !== now.strip) {
      strip.innerHTML = now.strip;
    }
    navigate(now.navigation);
    // What was shown before the first word may be older than that: a page that was left open while the connection was away.
    if (wanted !== now.version) {
      wanted = now.version;
      refresh();
    }
  });
  events.addEventListener('error', () => {
    lost.hidden = false;
    // A refusal ends it; a broken connection is made again by itself.
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(connect, 5 * pause);
    }
  });
}

// Pages that have come or gone since this one was opened, as when its campaign begins.
function navigate(navigation) {
  const fresh = document.createElement('ul');
  fresh.innerHTML = navigation;
  const addresses = list => [...list.querySelectorAll('a')].map(link => link.getAttribute('href'));
  const known = addresses(pages);
  if (known.join('\n') === addresses(fresh).join('\n')) {
    return;
  }
  const current = known[[...pages.querySelectorAll('a')].findIndex(link => link.hasAttribute('aria-current'))];
  const focused = document.activeElement.closest('#pages a')?.getAttribute('href');
  pages.replaceChildren(...fresh.children);
  const find = address => [...pages.querySelectorAll('a')].find(link => link.getAttribute('href') === address);
  find(current)?.setAttribute('aria-current', 'page');
  find(focused)?.focus();
}

async function refresh() {
  if (!isLive || isFetching || document.hidden || shown === wanted) {
    return;
  }
  isFetching = true;
  const fetched = wanted;
  try {
    const answer = await fetch(location.href);
    if (answer.ok) {
      show(new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('main'));
      shown = fetched;
    }
  } catch {
    // The connection is lost, which the events tell too.
  }
  setTimeout(() => { isFetching = false; refresh(); }, pause);
}

// Puts in what is new, section by section: what the reader has opened stays open, and the place that has the focus is left alone.
function show(fresh) {
  const sections = [...main.children];
  const news = [...fresh.children];
  const isSame = sections.length === news.length && sections.every((section, i) => section.id === news[i].id && section.tagName === news[i].tagName);
  if (!isSame) {
    keepOpen(main, fresh);
    main.replaceChildren(...news);
    return;
  }
  sections.forEach((section, i) => {
    keepOpen(section, news[i]);
    if (section.innerHTML !== news[i].innerHTML && !section.contains(document.activeElement)) {
      section.replaceWith(news[i]);
    }
  });
}

function keepOpen(old, fresh) {
  const open = new Set([...old.querySelectorAll('details[open] > summary')].map(summary => summary.textContent));
  fresh.querySelectorAll('details > summary').forEach(summary => { summary.parentElement.open = open.has(summary.textContent); });
}

// People judge by keys: each button says its own. A key that is held down, or pressed again while the answer is on its way, counts once.
function onKey(event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) {
    return;
  }
  const button = [...main.querySelectorAll('button[data-key]')].find(one => one.dataset.key === event.key.toLowerCase());
  if (button) {
    event.preventDefault();
    button.click();
  }
}

function onSubmit(event) {
  if (event.target.matches('form.verdict')) {
    // After the form is on its way, as a button that is off would not be in it.
    setTimeout(() => main.querySelectorAll('form.verdict button').forEach(button => { button.disabled = true; }));
  }
}

document.addEventListener('keydown', onKey);
document.addEventListener('submit', onSubmit);
// A page that comes back by the browser's memory may be judged again.
window.addEventListener('pageshow', event => { if (event.persisted) location.reload(); });
document.addEventListener('visibilitychange', refresh);
connect();
