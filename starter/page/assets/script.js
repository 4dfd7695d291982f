// Times go on, and pages follow what happens. Everything works without this.
"use strict";

const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

// length is written like moment.go does it.
function length(ms) {
  const left = Math.floor(ms / second) * second;
  if (left >= day) return `${Math.floor(left / day)} d ${Math.floor(left % day / hour)} h`;
  if (left >= hour) return `${Math.floor(left / hour)} h ${Math.floor(left % hour / minute)} min`;
  if (left >= minute) return `${Math.floor(left / minute)} min ${String(Math.floor(left % minute / second)).padStart(2, "0")} s`;
  return `${left / second} s`;
}

// The server's clock is the one that counts.
const ahead = Date.parse(document.documentElement.dataset.now) - Date.now();

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });

function showTimes() {
  for (const time of document.querySelectorAll("time.away")) {
    const left = Date.parse(time.dateTime) - Date.now() - ahead;
    time.textContent = left >= second ? "in " + length(left) : left > -second ? "now" : length(-left) + " ago";
  }
  for (const time of document.querySelectorAll("time.at:not([title])")) {
    const at = new Date(time.dateTime);
    const name = zone.formatToParts(at).find((part) => part.type === "timeZoneName");
    time.title = time.textContent;
    time.textContent = local.format(at) + " " + (name ? name.value : "");
  }
}

// busy is true while somebody reads or writes in a part of the page, which must not change under their hands then.
function busy(part) {
  if (part.querySelector("details[open]")) return true;
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select, button")) return true;
  return [...part.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) =>
    field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked
      : field.matches("select") ? field.selectedIndex > 0 : field.value !== field.defaultValue);
}

async function ask(path) {
  const answer = await fetch(path, { credentials: "same-origin", redirect: "error", cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.text();
}

// renew puts the parts of the page as it is now into the places of those that are shown.
async function renew(live) {
  const page = new DOMParser().parseFromString(await ask(live.dataset.page), "text/html");
  const fresh = page.getElementById("live");
  if (!fresh) return;
  let kept = false;
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = page.getElementById(part.id);
    if (!now) continue;
    if (busy(part)) kept = true;
    else part.replaceChildren(...now.childNodes);
  }
  const changed = document.getElementById("changed");
  if (changed) changed.hidden = !kept;
  document.title = page.title;
  live.dataset.have = fresh.dataset.have;
  showTimes();
}

// follow looks for news, and is false when it can't: the server or the network is away, or the session is over.
async function follow(live) {
  if (document.hidden) return true;
  try {
    if (await ask(live.dataset.news) !== live.dataset.have) await renew(live);
    return true;
  } catch {
    return false;
  }
}

showTimes();
setInterval(showTimes, second);
const live = document.getElementById("live");
if (live) {
  const look = async () => {
    const patience = await follow(live) ? 1 : 5;
    setTimeout(look, patience * live.dataset.every * second);
  };
  setTimeout(look, second);
  document.addEventListener("visibilitychange", () => follow(live));
}
