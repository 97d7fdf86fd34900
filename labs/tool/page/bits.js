import { CHAR, WIDTH, drawing, el, part, rect, text } from "./svg.js";

const ROW = 74;

function least(f) {
	return Math.max(f.name.length * 7, f.value.length * CHAR, f.bits.length * 6.6) + 18;
}

function count(f) {
	const [high, low] = f.bits.split("-").map(Number);

	return high - (low ?? high) + 1;
}

// As many rows as it takes; in each, what is left of the width goes to the fields by their bits.
function rows(fields) {
	const out = [[]];
	let used = 0;

	for (const f of fields) {
		if (used + least(f) > WIDTH) {
			out.push([]);
			used = 0;
		}
		out[out.length - 1].push(f);
		used += least(f);
	}
	return out;
}

function row(fields, y) {
	const all = fields.reduce((n, f) => n + count(f), 0), spare = WIDTH - 4 - fields.reduce((n, f) => n + least(f), 0);
	let x = 1;

	return fields.map((f) => {
		const width = least(f) + spare * count(f) / all, middle = x + width / 2;

		x += width;
		return part(`bits ${f.bits}: ${f.name || "no field"} = ${f.value}${f.means ? ": " + f.means : ""}`,
			text(middle, y + 13, f.bits, "small", "middle"),
			rect(x - width, y + 18, width, 46, f.name ? "box" : "hole"),
			text(middle, y + 35, f.name, "name", "middle"),
			text(middle, y + 55, f.value, "v strong", "middle"));
	});
}

// A register, a descriptor, an entry: boxes from the highest bit to the lowest.
export function bits(item) {
	const all = rows(item.fields), means = item.fields.filter((f) => f.means);
	const list = el("dl", { class: "means" }, ...means.flatMap((f) =>
		[el("dt", {}, f.name), el("dd", { class: "v" }, f.value), el("dd", {}, f.means)]));

	return [...drawing(WIDTH, all.length * ROW - 6, item.title, ...all.flatMap((fields, i) => row(fields, i * ROW))),
		means.length ? list : null];
}
