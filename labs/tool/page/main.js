import { bits } from "./bits.js";
import { buddy, frames, strip } from "./maps.js";
import { el, tellAgain, wide } from "./svg.js";
import { walk } from "./walk.js";

function grid(item) {
	const [head, ...rows] = item.rows, right = (i) => (item.right[i] ? "right" : "");
	const cell = (s, i) => el("td", { class: `${right(i)}${/^[-\d]|^[0-9a-f]{3,}/.test(s) ? " v" : ""}` }, s);

	return [el("div", { class: "scroll" }, el("table", {},
		el("thead", {}, el("tr", {}, ...head.map((s, i) => el("th", { scope: "col", class: right(i) }, s)))),
		el("tbody", {}, ...rows.map((r) => el("tr", {}, ...r.map(cell))))))];
}

const FIGURES = { bits, walk, strip, frames, buddy, table: grid };

function figure(item) {
	const caption = el("figcaption", {}, item.title);

	if (item.type === "bits")
		caption.append(el("span", { class: "v" }, item.value));
	return el("figure", { "data-type": item.type }, caption, ...FIGURES[item.type](item).filter((n) => n),
		el("details", {}, el("summary", {}, "as the terminal shows it"), el("pre", {}, item.text.replace(/^\n+/, ""))));
}

function item(it) {
	if (it.type === "lab")
		return [];
	if (it.type === "step")
		return [el("h2", { id: `step-${it.number}` }, el("i", {}, String(it.number)), it.title), it.says ? el("p", {}, it.says) : ""];
	if (it.type === "note")
		return [el("p", {}, it.says)];
	return [figure(it)];
}

function theme(name) {
	document.documentElement.dataset.theme = name;
	document.getElementById("theme").textContent = name === "dark" ? "light" : "dark";
}

const lab = JSON.parse(document.getElementById("lab").textContent);
const contents = lab.items.filter((it) => it.type === "step");

function tell() {
	tellAgain();
	document.getElementById("story").replaceChildren(...lab.items.flatMap(item));
}

tell();
wide.addEventListener("change", tell);
document.getElementById("steps").append(...contents.map((s) => el("li", {}, el("a", { href: `#step-${s.number}` }, s.title))));
document.getElementById("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
document.documentElement.dataset.drawn = document.querySelectorAll("figure").length;
