// Elements, and what all figures share.
const SVG = "http://www.w3.org/2000/svg";

export const CHAR = 7.85; // width of a letter of 13 px monospace
export const WIDTH = 980;
export const wide = matchMedia("(min-width: 50rem)"); // as in page.css
export const KINDS = { code: 0, data: 1, heap: 2, stack: 3, file: 4, anon: 6, kernel: 5, other: 7 };

export function paint(index) {
	return `var(--c${index % 8})`;
}

export function el(name, attributes, ...children) {
	const svg = ["svg", "g", "rect", "text", "path", "title", "line", "circle"].includes(name);
	const e = svg ? document.createElementNS(SVG, name) : document.createElement(name);

	for (const [key, value] of Object.entries(attributes ?? {}))
		if (value !== null && value !== undefined)
			e.setAttribute(key, value);
	e.append(...children.filter((c) => c !== null && c !== undefined));
	return e;
}

// A text; "v" in @cls: a value that the text of the terminal has, too.
export function text(x, y, string, cls, anchor) {
	return el("text", { x, y, class: cls, "text-anchor": anchor }, string);
}

export function rect(x, y, width, height, cls, fill) {
	return el("rect", { x, y, width: Math.max(width, 0.5), height, rx: 2, class: cls, style: fill && `fill: ${fill}` });
}

// A part of a picture that says something of itself when one comes to it by mouse or keyboard.
export function part(says, ...children) {
	return el("g", { class: "part", tabindex: -1, role: "listitem", "aria-label": says, "data-says": says }, ...children);
}

let told = false; // how to look at a picture

export function tellAgain() {
	told = false;
}

// The drawing with its parts: one stop of Tab, the arrow keys go from part to part.
export function drawing(width, height, label, ...children) {
	const svg = el("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "list", "aria-label": label }, ...children);
	const says = el("p", { class: "says", "aria-live": "polite" }, told ? "" : "Point at a part of a picture, or go there with Tab and the arrow keys.");
	const parts = [...svg.querySelectorAll(".part")];

	parts.forEach((p, i) => {
		p.addEventListener("focus", () => says.replaceChildren(p.dataset.says));
		p.addEventListener("mouseenter", () => says.replaceChildren(p.dataset.says));
		p.addEventListener("keydown", (e) => {
			const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];

			if (!step)
				return;
			e.preventDefault();
			parts[(i + step + parts.length) % parts.length].focus();
		});
	});
	parts[0]?.setAttribute("tabindex", 0);
	told = true;
	return [el("div", { class: "scroll" }, svg), says];
}

// Words in lines of @most letters.
export function lines(string, most) {
	const out = [""];

	for (const word of (string ?? "").split(" ")) {
		const last = out.length - 1;

		if (out[last] && out[last].length + 1 + word.length > most)
			out.push(word);
		else
			out[last] += (out[last] ? " " : "") + word;
	}
	return out;
}

export function joined(...words) {
	return words.filter((w) => w).join(" · ");
}
