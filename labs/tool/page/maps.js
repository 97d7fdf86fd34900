import { CHAR, KINDS, WIDTH, drawing, el, joined, lines, paint, part, rect, text, wide } from "./svg.js";

const LETTER = 7.6; // width of one of 13 px, on an average

// An address space from its top downwards; heights are those of the sizes' logarithms.
export function strip(item) {
	return wide.matches ? beside(item) : below(item);
}

function tallness(area) {
	const bytes = Number(BigInt("0x" + area.end) - BigInt("0x" + area.start));

	return Math.round(26 + 5 * Math.max(0, Math.log2(bytes / 4096)) / 2);
}

// What is said of an area stands beside it.
function beside(item) {
	const nodes = [], digits = Math.max(...item.areas.map((a) => a.start.length + a.end.length + 1)), left = digits * CHAR + 20;
	const most = Math.floor((WIDTH - left - 240) / LETTER);
	let y = 4;

	for (const area of [...item.areas].reverse()) {
		if (area.gap) {
			nodes.push(part(`${area.gap} free`, rect(left, y, 130, 30, "hole"), text(left + 65, y + 19, "free", "name", "middle"),
				text(left + 146, y + 19, area.gap, "v small")));
			y += 31;
		}
		const note = lines(area.note, most), tall = Math.max(tallness(area), 10 + 16 * note.length), middle = y + tall / 2 + 5;

		nodes.push(part(joined(area.name, `${area.start}-${area.end}`, area.size, area.note),
			text(0, middle, `${area.start}-${area.end}`, "v"),
			rect(left, y, 130, tall, "fill", paint(KINDS[area.kind])),
			text(left + 65, middle, area.name.split("/").pop(), "on", "middle"),
			text(left + 146, middle, area.size, "v"),
			...note.map((s, i) => text(left + 240, middle + (i - (note.length - 1) / 2) * 16, s, "v label"))));
		y += tall + 1;
	}
	return drawing(WIDTH, y + 6, item.title, ...nodes);
}

const NARROW = 360, BAR = 104; // the least

// The same for a narrow window: addresses, size and note one below the other.
function below(item) {
	const names = item.areas.map((a) => a.name.split("/").pop().length), bar = Math.max(BAR, Math.max(...names) * CHAR + 12);
	const nodes = [], most = Math.floor((NARROW - BAR - 12) / LETTER);
	let y = 4, width = NARROW + bar - BAR;

	for (const area of [...item.areas].reverse()) {
		if (area.gap) {
			nodes.push(part(`${area.gap} free`, rect(0, y, bar, 30, "hole"), text(bar / 2, y + 19, "free", "name", "middle"),
				text(bar + 12, y + 19, area.gap, "v small")));
			y += 31;
		}
		const range = `${area.start}-${area.end}`, note = lines(area.note, most).filter((s) => s);
		const tall = Math.max(tallness(area), 44 + 16 * note.length);

		width = Math.max(width, bar + 12 + range.length * CHAR);
		nodes.push(part(joined(area.name, range, area.size, area.note),
			rect(0, y, bar, tall, "fill", paint(KINDS[area.kind])),
			text(bar / 2, y + tall / 2 + 5, area.name.split("/").pop(), "on", "middle"),
			text(bar + 12, y + 17, range, "v"), text(bar + 12, y + 34, area.size, "v"),
			...note.map((s, i) => text(bar + 12, y + 51 + i * 16, s, "v label"))));
		y += tall + 3;
	}
	return drawing(width, y + 6, item.title, ...nodes);
}

const PER_ROW = 64, CELL = 13;

// Rows of frames; a run that goes over the end of a row goes on in the next. After a gap a new row begins.
export function frames(item) {
	const nodes = [], all = item.runs.reduce((n, r) => n + r.count, 0);
	const owner = new Map(item.owners.map((o, i) => [o.name, { ...o, index: i }]));
	const per = 2 ** Math.max(0, Math.ceil(Math.log2(all / (PER_ROW * 64))));
	let row = -1, column = 0, next = null;

	for (const run of item.runs) {
		const first = parseInt(run.first, 16), cells = [];

		for (let at = first; at < first + run.count;) {
			if (at !== next || column === PER_ROW) {
				row++;
				column = 0;
				cells.push(text(66, row * 17 + 11, at.toString(16), "small", "end"));
			}
			const take = Math.min(first + run.count - at, (PER_ROW - column) * per);
			const wide = take / per, pieces = all <= 2048 ? wide : 1; // a cell for each frame, if they are few

			for (let i = 0; i < pieces; i++)
				cells.push(rect(76 + (column + i * wide / pieces) * CELL, row * 17, wide / pieces * CELL - 1, 14,
					run.owner === "free" ? "hole" : "fill", run.owner === "free" ? null : paint(owner.get(run.owner).index)));
			column += wide;
			at += take;
			next = at;
		}
		nodes.push(part(joined(run.owner, `from frame ${run.first}`, `${run.count} frame${run.count === 1 ? "" : "s"}`, run.note), ...cells));
	}
	const legend = el("ul", { class: "legend" }, ...item.owners.map((o, i) => el("li", {},
		el("i", { style: o.name === "free" ? "background: var(--hatch); outline: 1px solid var(--line)" : `background: ${paint(i)}` }),
		`${o.name}: `, el("span", { class: "v" }, String(o.frames)))));
	const notes = item.runs.filter((r) => r.note);
	const list = el("dl", { class: "means" }, ...notes.flatMap((r) =>
		[el("dt", { class: "v" }, r.first), el("dd", {}, r.owner), el("dd", {}, r.note)]));

	return [...drawing(76 + PER_ROW * CELL + 10, row * 17 + 22, item.title, ...nodes), legend, notes.length ? list : null];
}

const STATES = { free: 2, used: 1, pcp: 3 };

// Blocks in the row of their order, below the larger ones that they were split from.
export function buddy(item) {
	const blocks = item.blocks.map((b) => ({ ...b, at: parseInt(b.first, 16), frames: 2 ** b.order }));
	const base = blocks[0].at, last = blocks[blocks.length - 1], span = last.at + last.frames - base;
	const x = (at) => 76 + (at - base) * (WIDTH - 90) / span;
	const orders = [...new Set(blocks.map((b) => b.order))].sort((a, b) => b - a), top = orders[0], bottom = orders[orders.length - 1];
	const nodes = [], outline = new Map();

	for (let order = top; order >= bottom; order--)
		nodes.push(text(0, (top - order) * 38 + 25, `order ${order}`, "small"));
	for (const b of blocks) {
		for (let order = b.order + 1; order <= top; order++) {
			const at = b.at - b.at % 2 ** order;

			if (at >= base && at + 2 ** order <= base + span)
				outline.set(`${at} ${order}`, rect(x(at), (top - order) * 38 + 8, x(at + 2 ** order) - x(at) - 1, 28, "dash"));
		}
	}
	nodes.push(...outline.values());
	for (const b of blocks) {
		const y = (top - b.order) * 38 + 8, wide = x(b.at + b.frames) - x(b.at) - 1;

		nodes.push(part(joined(`block ${b.first}`, `order ${b.order}`, `${b.frames} frames`, b.state, b.note),
			rect(x(b.at), y, wide, 28, "fill", paint(STATES[b.state])),
			wide > b.first.length * CHAR + 6 ? text(x(b.at) + wide / 2, y + 19, b.first, "v on", "middle") : null));
	}
	const legend = el("ul", { class: "legend" }, ...Object.entries(STATES).map(([name, c]) => el("li", {},
		el("i", { style: `background: ${paint(c)}` }), { free: "free", used: "used", pcp: "on a processor's list" }[name])));

	return [...drawing(WIDTH, (top - bottom) * 38 + 46, item.title, ...nodes), legend];
}
