// What every simulation has around its figure: a guess, presets, sliders, a clock, equations, a verdict.
//
// A simulation is a plain object:
//   title, lead                 what it is, and the sentence under it
//   controls                    [{ id, label, min, max, step, digits }], { id, label, choices } or { id, label, check }
//   presets                     [{ id, label, set, question(settings, run), options, answer(settings, run),
//                               why(settings, run) }]; the first one is the start. A preset is asked about whatever the
//                               sliders say, so its sentences are true of every setting, not only of `set`
//   compute(settings) -> run    pure
//   steps(run)                  how often the clock ticks; all that is drawn shares this clock
//   moment(run, step)           what the clock shows, in words
//   figure(view) -> nodes       view: { settings, run, step, width, student }
//   equations(view), verdict(view) -> text; conditions: sentences
import { element, mathematics } from "./drawing.mjs";

/** The settings of a preset on top of the defaults, each brought onto its slider. */
export function admissible(controls, defaults, wanted) {
  const settings = { ...defaults };
  for (const control of controls) {
    const value = wanted[control.id];
    if (value === undefined) continue;
    if (control.check) settings[control.id] = value === true || value === "true";
    else if (control.choices) settings[control.id] = control.choices.some(([id]) => id === value) ? value : defaults[control.id];
    else if (Number.isFinite(Number(value)) && value !== "") {
      const ticks = Math.round((Number(value) - control.min) / control.step);
      const near = Number((control.min + ticks * control.step).toFixed(6));
      settings[control.id] = Math.min(control.max, Math.max(control.min, near));
    }
  }
  return settings;
}

const same = (a, b) => Object.keys(a).every((key) => a[key] === b[key]);

/** What is said once a guess is made; without one (null) the answer alone. */
export function answered(preset, guess, settings, run) {
  const right = preset.answer(settings, run);
  const answer = `It is: ${preset.options[right]}.`;
  const judged = guess === null ? answer : `${preset.options[guess]}. ${guess === right ? "That is it." : answer}`;
  return { right: guess === null ? null : guess === right, text: judged, why: preset.why(settings, run) };
}

let mounted = 0;

/**
 * Show a simulation in a host element.
 *
 * Options: `hash` keeps the settings in the address; `student(settings)` is told about new settings by the widget,
 * which answers through the returned `follow`.
 */
export function mount(host, simulation, options = {}) {
  const { controls, presets } = simulation;
  const defaults = { ...presets[0].set };
  const address = options.hash ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : {};
  const number = (mounted += 1);
  const state = {
    settings: admissible(controls, defaults, address),
    preset: presets[0],
    run: null,
    step: 0,
    guess: null,
    // The figure runs once a guess is made. A verdict is of the settings it was made for; it goes when they do.
    open: false,
    guessed: null,
    student: null,
    timer: null,
  };
  state.preset = presets.find((preset) => same(preset.set, state.settings)) ?? presets[0];
  state.run = simulation.compute(state.settings);

  const inputs = new Map();
  const make = (control) => {
    const id = `s${number}-${control.id}`;
    const shown = element("output", { for: id });
    if (control.check) {
      const input = element("input", { type: "checkbox", id, onchange: () => change(control.id, input.checked, true) });
      inputs.set(control.id, (value) => { input.checked = value; });
      return element("div", { class: "control tick" }, input, element("label", { for: id }, ...mathematics(control.label)));
    }
    if (control.choices) {
      const input = element("select", { id, onchange: () => change(control.id, input.value, true) },
        ...control.choices.map(([value, text]) => element("option", { value }, text)));
      inputs.set(control.id, (value) => { input.value = value; });
      return element("div", { class: "control" }, element("label", { for: id }, ...mathematics(control.label)), input);
    }
    const input = element("input", {
      type: "range", id, min: String(control.min), max: String(control.max), step: String(control.step),
      oninput: () => change(control.id, Number(input.value), false), onchange: remember,
    });
    inputs.set(control.id, (value) => {
      input.value = String(value);
      shown.textContent = value.toFixed(control.digits ?? 0).replace("-", "−");
    });
    return element("div", { class: "control" },
      element("label", { for: id }, ...mathematics(control.label)), shown, input);
  };

  const chips = presets.map((preset) =>
    element("button", { type: "button", onclick: () => choose(preset) }, preset.label));
  const guess = element("section", { class: "guess", "aria-label": "Predict first" });
  const back = element("button", { type: "button", onclick: () => go(state.step - 1), "aria-label": "One step back" }, "◀");
  const play = element("button", { type: "button", class: "play", onclick: () => (state.timer ? pause() : start()) }, "Play");
  const next = element("button", { type: "button", onclick: () => go(state.step + 1), "aria-label": "One step on" }, "▶");
  const time = element("input", { type: "range", min: "0", step: "1", "aria-label": "Clock", oninput: () => go(Number(time.value)) });
  const moment = element("span", { class: "now" });
  const reset = element("button", { type: "button", onclick: () => choose(presets[0]) }, "Reset");
  const figure = element("div", { class: "figure" });
  const equations = element("div", { class: "equations", role: "group", "aria-label": "Equations with the present numbers" });
  const verdict = element("p", { class: "verdict" });
  const spoken = element("p", { class: "spoken", role: "status", "aria-live": "polite" });

  const conditions = element("details", { class: "conditions", open: true },
    element("summary", {}, "When does this hold?"),
    element("ul", {}, ...simulation.conditions.map((text) => element("li", {}, ...mathematics(text)))));

  const root = element("article", { class: "sim", "data-name": simulation.name, "aria-labelledby": `s${number}-title` },
    element("h1", { id: `s${number}-title` }, simulation.title),
    element("p", { class: "lead" }, ...mathematics(simulation.lead)),
    element("div", { class: "presets", role: "group", "aria-label": "Experiments" }, ...chips),
    guess,
    element("div", { class: "body" },
      element("div", { class: "controls", role: "group", "aria-label": "Settings" }, ...controls.map(make), reset),
      element("div", { class: "stage" },
        element("div", { class: "clock", role: "group", "aria-label": "Clock" }, back, play, next, time, moment),
        figure, equations, verdict, spoken)),
    conditions);
  // A notebook has shortcuts on plain letters; they are not for keys pressed in here.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  host.append(root);

  function change(id, value, lasting) {
    pause();
    state.settings = { ...state.settings, [id]: value };
    if (state.open) [state.guess, state.guessed] = [null, null];
    recompute();
    if (lasting) remember();
  }

  function recompute() {
    state.run = simulation.compute(state.settings);
    state.student = null;
    state.step = state.open ? simulation.steps(state.run) : 0;
    draw();
    options.student?.(state.settings);
  }

  function choose(preset) {
    pause();
    state.preset = preset;
    state.settings = { ...preset.set };
    [state.guess, state.guessed, state.open] = [null, null, false];
    recompute();
    remember();
  }

  function ask() {
    pause();
    [state.guess, state.guessed, state.open, state.step] = [null, null, false, 0];
    draw();
    guess.querySelector("input")?.focus();
  }

  function reveal(choice) {
    state.guessed = answered(state.preset, choice, state.settings, state.run);
    state.open = true;
    // Whom motion disturbs sees the end at once, and steps or plays from there.
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    state.step = still ? simulation.steps(state.run) : 0;
    draw();
    guess.querySelector("button")?.focus();
    if (!still) start();
  }

  function go(step) {
    pause();
    if (!state.open) return;
    state.step = Math.min(simulation.steps(state.run), Math.max(0, step));
    draw();
  }

  function start() {
    if (!state.open) return;
    const steps = simulation.steps(state.run);
    if (state.step >= steps) state.step = 0;
    const pace = Math.min(450, Math.max(60, 6000 / steps));
    state.timer = setInterval(() => {
      state.step += 1;
      if (state.step >= steps) pause();
      draw();
    }, pace);
    draw();
  }

  function pause() {
    clearInterval(state.timer);
    const ran = state.timer !== null;
    state.timer = null;
    if (ran) draw();
  }

  function remember() {
    if (!options.hash) return;
    const pairs = controls.map(({ id }) => [id, String(state.settings[id])]);
    history.replaceState(null, "", `#${new URLSearchParams(pairs)}`);
  }

  function drawGuess() {
    const { preset, settings, run, guessed, open } = state;
    if (open) {
      const heading = guessed && { true: "✓ Your guess: ", false: "✗ Your guess: ", null: "" }[guessed.right];
      const said = guessed
        ? [element("p", {}, element("strong", {}, heading), ...mathematics(guessed.text)), element("p", {}, ...mathematics(guessed.why))]
        : [element("p", {}, "The settings have changed, and the answer may have, too.")];
      guess.replaceChildren(...said, element("button", { type: "button", onclick: ask }, "Guess again for these settings"));
      return;
    }
    const show = element("button", { type: "button", class: "show", disabled: state.guess === null, onclick: () => reveal(state.guess) }, "Show me");
    const straight = element("button", { type: "button", class: "straight", onclick: () => reveal(null) }, "Just show me");
    const option = (text, index) => {
      const id = `s${number}-guess-${index}`;
      const input = element("input", { type: "radio", name: `s${number}-guess`, id, onchange: () => {
        state.guess = index;
        show.disabled = false;
      } });
      input.checked = state.guess === index;
      return element("span", { class: "option" }, input, element("label", { for: id }, ...mathematics(text)));
    };
    guess.replaceChildren(
      element("fieldset", {},
        element("legend", {}, element("strong", {}, "Predict first. "), ...mathematics(preset.question(settings, run))),
        ...preset.options.map(option), show, straight));
  }

  let speech = null;
  function speak(text) {
    // A dragged slider gives many verdicts; the one that stays is said.
    clearTimeout(speech);
    speech = setTimeout(() => { spoken.replaceChildren(...mathematics(text)); }, 400);
  }

  function drawFigure() {
    const { settings, run, step, student } = state;
    const width = Math.max(250, Math.floor(figure.clientWidth || 640));
    const view = { settings, run, step, width, student };
    figure.replaceChildren(...simulation.figure(view));
    equations.replaceChildren(...simulation.equations(view).map((text) => element("p", {}, ...mathematics(text))));
    const text = state.open ? simulation.verdict(view) : "Choose an answer above, or have it shown; then the figure runs.";
    verdict.replaceChildren(...mathematics(text), ...(student?.problem ? [element("span", { class: "problem" }, ` ${student.problem}`)] : []));
    if (state.timer === null) speak(text);
  }

  function draw() {
    const steps = simulation.steps(state.run);
    const shut = !state.open;
    for (const [id, show] of inputs) show(state.settings[id]);
    chips.forEach((chip, index) => chip.setAttribute("aria-pressed", String(same(presets[index].set, state.settings))));
    root.classList.toggle("shut", shut);
    // They tell the answers.
    conditions.hidden = shut;
    for (const part of [back, play, next, time]) part.disabled = shut;
    time.max = String(steps);
    time.value = String(state.step);
    time.setAttribute("aria-valuetext", simulation.moment(state.run, state.step));
    moment.replaceChildren(...mathematics(simulation.moment(state.run, state.step)));
    play.textContent = state.timer ? "Pause" : "Play";
    drawGuessOnce();
    drawFigure();
  }

  let asked = "";
  function drawGuessOnce() {
    // Made anew only when it says something else, or the radio button in use would lose the focus.
    const key = JSON.stringify([state.preset.id, state.settings, state.open, state.guessed]);
    if (key === asked) return;
    asked = key;
    drawGuess();
  }

  let drawnWidth = 0;
  const observer = new ResizeObserver(() => {
    if (figure.clientWidth !== drawnWidth) {
      drawnWidth = figure.clientWidth;
      drawFigure();
    }
  });
  draw();
  observer.observe(figure);
  options.student?.(state.settings);
  return {
    /** Draw what the student's own function gave for these settings. */
    follow(settings, student) {
      if (!same(state.settings, settings)) return;
      state.student = student;
      drawFigure();
    },
    remove() {
      pause();
      clearTimeout(speech);
      observer.disconnect();
      root.remove();
    },
  };
}
