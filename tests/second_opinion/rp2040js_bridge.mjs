// SPDX-License-Identifier: GPL-2.0-or-later
// rp2040js behind a line protocol: one JSON request per line on stdin, one JSON answer on stdout.
//
// Usage: node rp2040js_bridge.mjs <rp2040js module> <boot ROM file> <flash image> <unique id hex> <seed>
//
// Requests: {"op":"reset"} {"op":"setup","data":hex} {"op":"out","endpoint":n,"data":hex}
// {"op":"run","instructions":n,"until_us":t} {"op":"poke","offset":n,"data":hex} {"op":"peek","offset":n,"length":n}
// {"op":"wake"},
// offsets counting from the start of SRAM. "run" answers {"now_us", "instructions", "cpu_us", "events"}.
//
// Supplied here because rp2040js lacks them: the ring oscillator's RANDOMBIT ([RP2040] 2.17.5; seeded),
// the flash command 4Bh (unique id), and the order of a double-buffered IN pair, which it sends swapped.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modulePath, romPath, flashPath, uniqueIdHex, seed] = process.argv.slice(2);
const { Simulator } = await import(pathToFileURL(modulePath).href);

const FLASH_START = 0x10000000;
const CYCLE_NS = 1e9 / 125_000_000;
const ROSC_RANDOMBIT = 0x1c;
const ROSC_STATUS = 0x18;
const SSI_DR0 = 0x60;
const CMD_READ_UNIQUE_ID = 0x4b;
const UNIQUE_ID_DUMMY_BYTES = 4;
const AVAILABLE = 1 << 10;
const DOUBLE_BUFFER = 1 << 30;

const simulator = new Simulator();
const { rp2040: chip, clock } = simulator;
// Standard output belongs to the protocol.
const quiet = () => {};
chip.logger = { debug: quiet, info: quiet, warn: quiet, error: (...words) => console.error(...words) };
let events = [];
let instructions = 0;

function loadImages() {
    const rom = readFileSync(romPath);
    chip.loadBootrom(new Uint32Array(rom.buffer, rom.byteOffset, rom.length / 4));
    chip.flash.set(readFileSync(flashPath));
    chip.core.PC = FLASH_START;
}

function seededBit(state) {
    // xorshift32: reproducible noise is all that is wanted of a modelled oscillator.
    let x = state;
    return () => {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        return x & 1;
    };
}

function supplyRingOscillator() {
    const bit = seededBit(Number(seed) + 0x9e3779b9 | 0);
    const rosc = chip.peripherals[0x40060];
    rosc.readUint32 = (offset) =>
        offset === ROSC_RANDOMBIT ? bit() : offset === ROSC_STATUS ? (1 << 31 | 1 << 12) >>> 0 : 0;
    rosc.writeUint32 = () => {};
}

function supplyUniqueId() {
    const id = Buffer.from(uniqueIdHex, "hex");
    const ssi = chip.peripherals[0x18000];
    const read = ssi.readUint32.bind(ssi);
    const write = ssi.writeUint32.bind(ssi);
    const answer = [];
    let position = -1;
    ssi.writeUint32 = (offset, value) => {
        if (offset === SSI_DR0 && (position >= 0 || value === CMD_READ_UNIQUE_ID)) {
            position += 1;
            answer.push(id[position - 1 - UNIQUE_ID_DUMMY_BYTES] ?? 0);
            if (position === UNIQUE_ID_DUMMY_BYTES + id.length) {
                position = -1;
            }
            return;
        }
        write(offset, value);
    };
    ssi.readUint32 = (offset) => (offset === SSI_DR0 && answer.length ? answer.shift() : read(offset));
}

function listen() {
    const usb = chip.usbCtrl;
    usb.onUSBEnabled = () => events.push({ kind: "enabled" });
    usb.onResetReceived = () => events.push({ kind: "reset" });
    usb.onEndpointRead = (endpoint, size) => events.push({ kind: "read", endpoint, size });
    let pair = null;
    usb.onEndpointWrite = (endpoint, data) => {
        const event = { kind: "write", endpoint, data: Buffer.from(data).toString("hex") };
        if (pair === null) {
            events.push(event);
        } else if (pair.length === 0) {
            pair.push(event);
        } else {
            events.push(event, pair[0]);
            pair = null;
        }
    };
    const updated = usb.DPRAMUpdated.bind(usb);
    usb.DPRAMUpdated = (offset, value) => {
        const isIn = offset > 0x84 && offset <= 0xfc && !(offset & 4);
        const both = value & AVAILABLE && (value >>> 16) & AVAILABLE;
        if (isIn && both && usb.readEndpointControlReg((offset - 0x80) >> 3, false) & DOUBLE_BUFFER) {
            pair = [];
        }
        updated(offset, value);
    };
}

function run(limit, untilUs = Infinity) {
    const untilNs = untilUs * 1000;
    const start = process.cpuUsage();
    const end = instructions + limit;
    let idle = 0;
    while (instructions < end && events.length === 0 && idle < 1000 && clock.nanos < untilNs) {
        if (chip.core.waiting) {
            // Without any alarm, rp2040js says 0.
            const next = Math.min(clock.nanosToNextAlarm || Infinity, untilNs - clock.nanos);
            clock.tick(next === Infinity ? 0 : next);
            idle += 1;
        } else {
            clock.tick(chip.core.executeInstruction() * CYCLE_NS);
            instructions += 1;
        }
    }
    const { user, system } = process.cpuUsage(start);
    const answer = { now_us: clock.nanos / 1000, instructions, cpu_us: user + system, events };
    events = [];
    return answer;
}

function serve(request) {
    switch (request.op) {
        case "reset":
            chip.usbCtrl.resetDevice();
            return {};
        case "setup":
            chip.usbCtrl.sendSetupPacket(Buffer.from(request.data, "hex"));
            return {};
        case "out":
            chip.usbCtrl.endpointReadDone(request.endpoint, Buffer.from(request.data, "hex"));
            return {};
        case "run":
            return run(request.instructions, request.until_us);
        case "poke":
            chip.sram.set(Buffer.from(request.data, "hex"), request.offset);
            return {};
        case "peek":
            return {
                data: Buffer.from(
                    chip.sram.slice(request.offset, request.offset + request.length),
                ).toString("hex"),
            };
        case "wake":
            chip.core.waiting = false;
            return {};
        default:
            return { error: `unknown request ${request.op}` };
    }
}

loadImages();
supplyRingOscillator();
supplyUniqueId();
listen();
for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(serve(JSON.parse(line))) + "\n");
}
