import { CHAR, WIDTH, drawing, el, lines, part, rect, text } from "./svg.js";

const TOP = 86, TALL = 190;

// Where the entry is drawn in its table, which has as many entries as the index has bits.
function slot(level) {
	const [high, low] = level.bits.replace("bits ", "").split("-").map(Number);
	const entries = 2 ** (high - low + 1);

	return TOP + 14 + (TALL - 28) * (entries > 1 ? Number(level.index) / (entries - 1) : 0);
}

function arrow(x1, y1, x2, y2) {
	const bend = Math.max((x2 - x1) / 2, 14);

	return el("path", { class: "way", d: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 3} ${y2}` });
}

function tip(x, y) {
	return el("path", { class: "hit", d: `M${x} ${y} l-9 -4.5 v9 z` });
}

// Levels that the mode lacks are named below the table whose entry they share.
function notes(level, folded, width) {
	return [...lines(level.means, Math.floor(width / 6.4)), ...folded.map((f) => `${f.name} folded: ${f.index}, ${f.entry}`)];
}

function tableOf(level, folded, x, width) {
	const y = slot(level), below = y < TOP + TALL / 2;

	return part(`${level.name}: index ${level.index} (${level.bits} of the address), entry ${level.entry}. ${level.means ?? ""}`,
		text(x + width / 2, TOP - 28, level.name, "strong", "middle"),
		text(x + width / 2, TOP - 11, level.bits, "small v", "middle"),
		rect(x, TOP, width, TALL, "box"),
		rect(x, y - 11, width, 22, "hit"),
		text(x + width / 2, y + 4.5, level.entry, "v on", "middle"),
		text(x + width / 2, y + (below ? 26 : -16), `index ${level.index}`, "small v", "middle"),
		...notes(level, folded, width).map((line, i) => text(x + width / 2, TOP + TALL + 18 + 15 * i, line, "small", "middle")));
}

function target(item, x) {
	if (!item.frame)
		return part("The walk ends here: there is no frame", rect(x, TOP + 50, 130, 60, "dash"),
			text(x + 65, TOP + 76, "ends here:", "label", "middle"), text(x + 65, TOP + 95, "no frame", "label", "middle"));
	const value = item.value ? [text(x + 75, TOP + 100, item.value, "v on", "middle"),
		text(x + 75, TOP + 128, "the value there", "name", "middle")] : [];

	return part(`frame ${item.frame}, offset ${item.offset}: physical address ${item.phys}${item.value ? ", value " + item.value : ""}`,
		text(x + 75, TOP - 28, "frame " + item.frame, "v strong", "middle"),
		text(x + 75, TOP - 11, "offset " + item.offset, "v small", "middle"),
		rect(x, TOP, 150, TALL, "box"), rect(x, TOP + 84, 150, 24, "hit"), ...value,
		text(x + 75, TOP + TALL + 18, "physical address", "small", "middle"),
		text(x + 75, TOP + TALL + 36, item.phys, "v strong", "middle"));
}

// Each level with the folded ones that follow it.
function columns(levels) {
	const out = [];

	for (const level of levels) {
		if (level.bits === "folded" && out.length)
			out[out.length - 1].folded.push(level);
		else
			out.push({ level, folded: [] });
	}
	return out;
}

// CR3, the tables from left to right, the frame.
export function walk(item) {
	const tables = columns(item.levels), digits = Math.max(...item.levels.map((l) => l.entry.length));
	const least = digits * CHAR + 16, room = (WIDTH - 250) / tables.length;
	const width = Math.max(least, Math.min(190, room - 46)), gap = Math.max(24, Math.min(64, room - width));
	const tall = Math.max(2, ...tables.map((t) => notes(t.level, t.folded, width).length));
	const nodes = [part(`the address ${item.address}`, text(0, 18, "address", "name"), text(56, 18, item.address, "v strong")),
		text(0, TOP + 13, "CR3", "strong")], ways = [];
	let x = 34 + gap, from = [32, TOP + 9];

	for (const { level, folded } of tables) {
		ways.push(arrow(from[0], from[1], x, TOP + 9), tip(x, TOP + 9));
		nodes.push(tableOf(level, folded, x, width));
		from = [x + width, slot(level)];
		x += width + gap;
	}
	const end = item.frame ? TOP + 96 : TOP + 80;

	ways.push(arrow(from[0], from[1], x, end), tip(x, end));
	nodes.push(target(item, x));
	return drawing(x + 152, TOP + TALL + 24 + 15 * tall, item.title, ...ways, ...nodes);
}
