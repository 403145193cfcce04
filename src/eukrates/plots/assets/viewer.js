// A small ball-and-stick viewer on a canvas: turn (drag), zoom (wheel, pinch), move (shift + drag), play a trajectory.
// It reads the JSON next to it: see eukrates/plots/molecule.py for the layout of the positions.
(function () {
  "use strict";
  const COLOURS = {
    H: "#f2f4f6", C: "#4a5560", N: "#3f74e0", O: "#e0403a", F: "#63c28a", Na: "#9a63c9", Mg: "#4fa84f", Si: "#c9a27a",
    P: "#e6912e", S: "#e3c23a", Cl: "#45b545", K: "#8a4fc0", Ca: "#6fb56f", Fe: "#c8682e", Cu: "#c07f4a", Br: "#a0503a",
    Ag: "#b8bec6", I: "#8a3aa8", Au: "#e0b52e", Li: "#b678e0", B: "#e8a89a", Al: "#b9a3a6",
  };
  const OTHER = "#b58ab8";
  const BOND = 1.25; // times the sum of covalent radii
  const MANY = 400; // atoms; beyond, bonds are those of the first frame

  function rgb(hex) {
    return [1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16));
  }

  function mixed(hex, other, share) {
    const a = rgb(hex), b = rgb(other);
    return "rgb(" + a.map((x, n) => Math.round(x + share * (b[n] - x))).join(",") + ")";
  }

  function decode(data) {
    const text = atob(data.positions), bytes = new Uint8Array(text.length);
    for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
    const view = new DataView(bytes.buffer), out = new Float32Array(bytes.length / 2);
    for (let n = 0; n < out.length; n++) out[n] = data.origin[n % 3] + data.step * (view.getInt16(2 * n, true) + 32768);
    return out;
  }

  // A shaded ball of one element, drawn once and then only copied.
  function ball(colour) {
    const size = 128, canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    const light = pen.createRadialGradient(size * 0.36, size * 0.32, size * 0.02, size / 2, size / 2, size / 2);
    light.addColorStop(0, mixed(colour, "#ffffff", 0.75));
    light.addColorStop(0.35, colour);
    light.addColorStop(0.92, mixed(colour, "#101820", 0.45));
    light.addColorStop(1, mixed(colour, "#101820", 0.6));
    pen.fillStyle = light;
    pen.beginPath();
    pen.arc(size / 2, size / 2, size / 2 - 1, 0, 2 * Math.PI);
    pen.fill();
    return canvas;
  }

  function bondsOf(at, start, radii) {
    const found = [], count = radii.length;
    for (let i = 0; i < count; i++) {
      for (let j = i + 1; j < count; j++) {
        const a = start + 3 * i, b = start + 3 * j, reach = BOND * (radii[i] + radii[j]);
        const x = at[a] - at[b], y = at[a + 1] - at[b + 1], z = at[a + 2] - at[b + 2];
        if (x * x + y * y + z * z < reach * reach) found.push([i, j]);
      }
    }
    return found;
  }

  function edgesOf(cell) {
    if (!cell) return [];
    const corner = (a, b, c) => [0, 1, 2].map((k) => a * cell[0][k] + b * cell[1][k] + c * cell[2][k]);
    const lines = [], bits = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    for (let n = 0; n < 8; n++) {
      const here = [n & 1, (n >> 1) & 1, (n >> 2) & 1];
      bits.forEach((step, axis) => {
        if (here[axis] === 0 && cell[axis].some((x) => x !== 0)) {
          const there = here.map((x, k) => x + step[k]);
          const open = there.some((x, k) => x && !cell[k].some((y) => y !== 0));
          if (!open) lines.push([corner(...here), corner(...there)]);
        }
      });
    }
    return lines;
  }

  // matrices are arrays of nine, rows first
  function times(a, b) {
    const c = new Array(9).fill(0);
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
    return c;
  }

  function turned(matrix, right, down) {
    const c = Math.cos(right), s = Math.sin(right), d = Math.cos(down), t = Math.sin(down);
    return times(times([1, 0, 0, 0, d, -t, 0, t, d], [c, 0, s, 0, 1, 0, -s, 0, c]), matrix);
  }

  function Viewer(figure) {
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const stage = figure.querySelector(".stage"), canvas = figure.querySelector("canvas"), pen = canvas.getContext("2d");
    const at = decode(data), count = data.symbols.length, edges = edgesOf(data.cell);
    const balls = {};
    data.symbols.forEach((s) => { balls[s] = balls[s] || ball(COLOURS[s] || OTHER); });
    const centre = [0, 1, 2].map((k) => {
      let low = Infinity, high = -Infinity;
      for (let n = k; n < at.length; n += 3) { low = Math.min(low, at[n]); high = Math.max(high, at[n]); }
      edges.forEach((line) => line.forEach((p) => { low = Math.min(low, p[k]); high = Math.max(high, p[k]); }));
      return (low + high) / 2;
    });
    let reach = 1.2;
    const far = (x, y, z) => { reach = Math.max(reach, Math.hypot(x - centre[0], y - centre[1], z - centre[2]) + 0.8); };
    for (let n = 0; n < at.length; n += 3) far(at[n], at[n + 1], at[n + 2]);
    edges.forEach((line) => line.forEach((p) => far(p[0], p[1], p[2])));

    const start = turned([1, 0, 0, 0, 1, 0, 0, 0, 1], 0.5, 0.35);
    let matrix = start, zoom = 1, shift = [0, 0], frame = 0, playing = false, last = 0, fixed = null;
    if (count > MANY) fixed = bondsOf(at, 0, data.radii);

    function project(x, y, z, scale, width, height) {
      const a = x - centre[0], b = y - centre[1], c = z - centre[2], m = matrix;
      const depth = m[6] * a + m[7] * b + m[8] * c;
      const near = 1 / (1 - depth / (4.5 * reach)); // a little perspective
      return [
        width / 2 + shift[0] + scale * near * (m[0] * a + m[1] * b + m[2] * c),
        height / 2 + shift[1] - scale * near * (m[3] * a + m[4] * b + m[5] * c),
        depth, near,
      ];
    }

    function stick(p, q, colour, width) {
      pen.lineCap = "round";
      [[mixed(colour, "#101820", 0.45), width], [colour, 0.72 * width], [mixed(colour, "#ffffff", 0.45), 0.22 * width]].forEach(
        ([ink, wide]) => {
          pen.strokeStyle = ink;
          pen.lineWidth = wide;
          pen.beginPath();
          pen.moveTo(p[0], p[1]);
          pen.lineTo(q[0], q[1]);
          pen.stroke();
        });
    }

    function draw() {
      const ratio = window.devicePixelRatio || 1, width = stage.clientWidth, height = stage.clientHeight;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const scale = (zoom * 0.46 * Math.min(width, height)) / reach, first = 3 * count * frame;
      edges.forEach(([a, b]) => {
        const p = project(...a, scale, width, height), q = project(...b, scale, width, height);
        pen.strokeStyle = "#9aa5b1";
        pen.lineWidth = 1;
        pen.beginPath();
        pen.moveTo(p[0], p[1]);
        pen.lineTo(q[0], q[1]);
        pen.stroke();
      });
      const spots = [], things = [];
      for (let i = 0; i < count; i++) {
        const n = first + 3 * i, p = project(at[n], at[n + 1], at[n + 2], scale, width, height);
        spots.push(p);
        things.push([p[2], i, -1]);
      }
      (fixed || bondsOf(at, first, data.radii)).forEach(([i, j]) => {
        things.push([0.75 * spots[i][2] + 0.25 * spots[j][2], i, j], [0.75 * spots[j][2] + 0.25 * spots[i][2], j, i]);
      });
      things.sort((a, b) => a[0] - b[0]);
      things.forEach(([, i, j]) => {
        const p = spots[i], symbol = data.symbols[i];
        if (j < 0) {
          const r = scale * p[3] * (0.16 + 0.26 * data.radii[i]);
          pen.drawImage(balls[symbol], p[0] - r, p[1] - r, 2 * r, 2 * r);
        } else {
          const q = spots[j], middle = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
          stick(p, middle, COLOURS[symbol] || OTHER, scale * p[3] * 0.2);
        }
      });
    }

    function soon() { requestAnimationFrame(draw); }

    function show(n) {
      frame = ((n % data.frames) + data.frames) % data.frames;
      if (slider) slider.value = frame;
      if (label) label.textContent = data.times ? written(data.times[frame]) : frame + 1 + " / " + data.frames;
      soon();
    }

    function written(fs) { return fs >= 1000 ? (fs / 1000).toFixed(2) + " ps" : fs.toFixed(1) + " fs"; }

    function tick(now) {
      if (!playing) return;
      if (now - last > 40) { last = now; show(frame + 1); }
      requestAnimationFrame(tick);
    }

    function play(yes) {
      playing = yes;
      if (button) button.textContent = playing ? "Pause" : "Play";
      if (playing) requestAnimationFrame(tick);
    }

    let slider = null, label = null, button = null;
    if (data.frames > 1) {
      const bar = document.createElement("div");
      bar.className = "controls";
      button = document.createElement("button");
      button.type = "button";
      slider = document.createElement("input");
      slider.type = "range"; slider.min = 0; slider.max = data.frames - 1; slider.value = 0;
      slider.setAttribute("aria-label", "frame");
      label = document.createElement("output");
      bar.append(button, slider, label);
      stage.after(bar);
      button.onclick = () => play(!playing);
      slider.oninput = () => { play(false); show(Number(slider.value)); };
    }

    const fingers = new Map();
    stage.onpointerdown = (e) => { stage.setPointerCapture(e.pointerId); fingers.set(e.pointerId, [e.clientX, e.clientY]); };
    stage.onpointerup = stage.onpointercancel = (e) => fingers.delete(e.pointerId);
    stage.onpointermove = (e) => {
      const before = fingers.get(e.pointerId);
      if (!before) return;
      const dx = e.clientX - before[0], dy = e.clientY - before[1];
      if (fingers.size === 2) {
        const other = [...fingers.entries()].find(([id]) => id !== e.pointerId)[1];
        zoom *= Math.hypot(e.clientX - other[0], e.clientY - other[1]) / (Math.hypot(before[0] - other[0], before[1] - other[1]) || 1);
      } else if (e.shiftKey) shift = [shift[0] + dx, shift[1] + dy];
      else matrix = turned(matrix, dx * 0.01, dy * 0.01);
      zoom = Math.min(20, Math.max(0.2, zoom));
      fingers.set(e.pointerId, [e.clientX, e.clientY]);
      soon();
    };
    stage.addEventListener("wheel", (e) => {
      if (document.activeElement !== stage) return; // let the page scroll until the viewer was clicked
      e.preventDefault();
      zoom = Math.min(20, Math.max(0.2, zoom * Math.exp(-e.deltaY * 0.0015)));
      soon();
    }, { passive: false });
    stage.ondblclick = () => { matrix = start; zoom = 1; shift = [0, 0]; soon(); };
    stage.onkeydown = (e) => {
      const turn = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[e.key];
      if (turn) matrix = turned(matrix, turn[0], turn[1]);
      else if (e.key === "+" || e.key === "-") zoom *= e.key === "+" ? 1.1 : 0.9;
      else if (e.key === " " && button) play(!playing);
      else return;
      e.preventDefault();
      soon();
    };
    window.addEventListener("resize", soon);
    if (window.ResizeObserver) new ResizeObserver(soon).observe(stage);
    show(0);
    play(false);
  }

  document.querySelectorAll("figure.molecule").forEach(Viewer);
})();
