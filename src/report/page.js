
"use strict";
const search = document.getElementById("search"), hits = document.getElementById("hits"), said = document.getElementById("said");
const places = [...document.querySelectorAll("[data-find]")].map(element => ({
  name: element.dataset.find, id: element.closest("[id^='t-']").id, text: `${element.dataset.find} ${element.textContent}`.toLowerCase() }));
const MOST = 50;
search.form.hidden = false;

// names that begin with what is looked for, then names that have it, then comments and types
function rank(place, words) {
  const name = place.name.toLowerCase(), last = name.split(".").pop();
  return last.startsWith(words[0]) ? 0 : name.includes(words[0]) ? 1 : 2;
}
function find() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length ? places.filter(place => words.every(word => place.text.includes(word))) : [];
  found.sort((one, other) => rank(one, words) - rank(other, words));
  hits.replaceChildren(...found.slice(0, MOST).map(place => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = `#${place.id}`;
    link.textContent = place.name;
    item.append(link);
    return item;
  }));
  hits.hidden = found.length === 0;
  const more = found.length > MOST ? `, the first ${MOST} are shown` : "";
  said.textContent = words.length ? `${found.length} found${more}` : "";
  search.setCustomValidity(words.length && !found.length ? "nothing is named so" : "");
}
function close() { hits.hidden = true; }
// whoever reads by ear or goes on by keys is taken along
function arrive() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place && place.tabIndex === -1) place.focus({ preventScroll: true });
}
search.addEventListener("input", find);
search.addEventListener("focus", find);
search.form.addEventListener("submit", event => {
  event.preventDefault();
  const first = hits.querySelector("a");
  if (first) first.click();
});
search.form.addEventListener("keydown", event => {
  const links = [...hits.querySelectorAll("a")], at = links.indexOf(document.activeElement);
  if (event.key === "Escape") { search.value = ""; find(); search.focus(); }
  else if (event.key === "ArrowDown" && at + 1 < links.length) links[at + 1].focus();
  else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || search).focus();
  else return;
  event.preventDefault();
});
search.form.addEventListener("focusout", event => { if (!search.form.contains(event.relatedTarget)) close(); });
hits.addEventListener("click", close);
addEventListener("hashchange", arrive);
addEventListener("keydown", event => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea")) { event.preventDefault(); search.focus(); }
});
// paper does not unfold
addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach(folded => { folded.open = true; folded.dataset.folded = ""; }));
addEventListener("afterprint", () => document.querySelectorAll("details[data-folded]").forEach(folded => { folded.open = false; delete folded.dataset.folded; }));
