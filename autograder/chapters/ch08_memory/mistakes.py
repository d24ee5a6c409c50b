"""Catalogued mistakes of Chapter 8."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- recall_batch ---------------------------------------------------------------------------------

WHERE_IS_THE_CUE = "At which step, and in which channel, does (8.1) put the cue?"
WHERE_IS_THE_SYMBOL = "At which step, and in which channel, does (8.1) put the symbol?"
FIXED_DRAW = "The docstring says how the targets are drawn, to the letter."

mistake(
    "recall_batch",
    "cue_missing",
    says="How many ones does a sequence of (8.1) hold?",
    old="    x[:, -1, K] = 1.0\n",
)
mistake(
    "recall_batch",
    "cue_at_every_step",
    says=WHERE_IS_THE_CUE,
    old="x[:, -1, K] = 1.0",
    new="x[:, :, K] = 1.0",
)
mistake(
    "recall_batch",
    "cue_before_last_step",
    says=WHERE_IS_THE_CUE,
    old="x[:, -1, K] = 1.0",
    new="x[:, T - 2, K] = 1.0",
)
mistake(
    "recall_batch",
    "cue_after_symbol_only",
    says="The cue comes at the last step of a long sequence, too.",
    old="x[:, -1, K] = 1.0",
    new="x[:, 1, K] = 1.0",
)
mistake(
    "recall_batch",
    "symbol_at_every_step",
    says=WHERE_IS_THE_SYMBOL,
    old="x[np.arange(N), 0, targets] = 1.0",
    new="x[np.arange(N), :, targets] = 1.0",
)
mistake(
    "recall_batch",
    "single_precision",
    says="Which dtype does the docstring ask for?",
    old="np.zeros((N, T, K + 1))",
    new="np.zeros((N, T, K + 1), dtype=np.float32)",
)
mistake(
    "recall_batch",
    "seed_ignored",
    says=FIXED_DRAW,
    old="rng = np.random.default_rng(seed)\n",
    new="rng = np.random.default_rng(0)\n",
)
mistake(
    "recall_batch",
    "older_generator",
    says=FIXED_DRAW,
    old="    rng = np.random.default_rng(seed)\n    targets = rng.integers(K, size=N)",
    new="    targets = np.random.RandomState(seed).randint(K, size=N)",
)
mistake(
    "recall_batch",
    "generator_kept",
    says="What does a second call with the same seed have to give?",
    old="    rng = np.random.default_rng(seed)\n",
    new="    kept = recall_batch.__dict__.setdefault('kept', {})\n"
    "    rng = kept.setdefault(seed, np.random.default_rng(seed))\n",
)
mistake(
    "recall_batch",
    "error_missing",
    says="Which lengths are too short for two separate steps?",
    old="if T < 2:",
    new="if False:",
)
mistake(
    "recall_batch",
    "error_off_by_one",
    says="Look at T on both sides of the limit.",
    old="if T < 2:",
    new="if T < 1:",
)
mistake(
    "recall_batch",
    "error_too_early",
    says="Look at T on both sides of the limit.",
    old="if T < 2:",
    new="if T <= 2:",
)
mistake(
    "recall_batch",
    "error_unnamed",
    says="The message should name the argument that is wrong.",
    old='f"T must be at least 2: symbol and cue need a step each, not {T} in all"',
    new='"the sequence is too short"',
)


# --- rnn_signal -----------------------------------------------------------------------------------

mistake(
    "rnn_signal",
    "one_power_too_many",
    says="What is the signal at step 1, in (8.2)?",
    old="np.arange(T)",
    new="np.arange(1, T + 1)",
)
mistake(
    "rnn_signal",
    "by_logarithm",
    says="The eigenvalue may be 0 or negative.",
    old="float(eigenvalue) ** np.arange(T)",
    new="np.exp(np.arange(T) * np.log(eigenvalue))",
)
mistake(
    "rnn_signal",
    "magnitude",
    says="What does a negative factor do from step to step?",
    old="float(eigenvalue)",
    new="abs(float(eigenvalue))",
)
mistake(
    "rnn_signal",
    "with_tanh",
    says="(8.2) is linear; tanh comes afterwards, in the list of what it leaves out.",
    old="float(eigenvalue) ** np.arange(T)",
    new="np.tanh(float(eigenvalue) ** np.arange(T))",
)
mistake(
    "rnn_signal",
    "zero_stays_zero",
    says="What is the signal at step 1 when the eigenvalue is 0?",
    old="float(eigenvalue) ** np.arange(T)",
    new="np.where(eigenvalue == 0, 0.0, float(eigenvalue or 1.0) ** np.arange(T))",
)

# --- lstm_signal ----------------------------------------------------------------------------------

mistake(
    "lstm_signal",
    "starts_at_one",
    says="What is c_1 in (8.3)?",
    old="input_gate * float(forget)",
    new="float(forget)",
)
mistake(
    "lstm_signal",
    "forgets_at_step_one",
    says="What is c_1 in (8.3)?",
    old="np.arange(T)",
    new="np.arange(1, T + 1)",
)
mistake(
    "lstm_signal",
    "writes_at_every_step",
    says="Is there anything to write after step 1?",
    old="input_gate * float(forget) ** np.arange(T)",
    new="input_gate * np.cumsum(float(forget) ** np.arange(T))",
)
mistake(
    "lstm_signal",
    "forget_gate_inverted",
    says="Which value of the forget gate keeps everything?",
    old="float(forget)",
    new="(1.0 - float(forget))",
)
mistake(
    "lstm_signal",
    "input_gate_at_every_step",
    says="At which steps does the input gate act on the signal?",
    old="input_gate * float(forget) ** np.arange(T)",
    new="input_gate * (float(forget) * input_gate) ** np.arange(T)",
)

# --- build_memory_model ---------------------------------------------------------------------------

FORGET_BIAS = (
    "Follow the forget bias of (8.5): which rows, which value, how many vectors are added?"
)
INTO_FORM = "The docstring lists four kinds of x. Try each of them."

mistake(
    "build_memory_model",
    "forget_bias_one",
    says=FORGET_BIAS,
    old="[H : 2 * H] = 4.0",
    new="[H : 2 * H] = 1.0",
)
mistake(
    "build_memory_model",
    "forget_bias_missing",
    says=FORGET_BIAS,
    old='if cell == "lstm":',
    new="if False:",
)
mistake(
    "build_memory_model",
    "forget_bias_in_input_gate",
    says=FORGET_BIAS,
    old="bias_ih_l0[H : 2 * H] = 4.0",
    new="bias_ih_l0[:H] = 4.0",
)
mistake(
    "build_memory_model",
    "forget_bias_cancelled",
    says=FORGET_BIAS,
    old="bias_hh_l0[H : 2 * H] = 0.0",
    new="bias_hh_l0[H : 2 * H] = -4.0",
)
mistake(
    "build_memory_model",
    "time_first",
    says="Which axis of x is the batch, for the layer and for you?",
    old="layers[cell](K + 1, H, batch_first=True)",
    new="layers[cell](K + 1, H)",
)
mistake(
    "build_memory_model",
    "first_state",
    says="Which state does (8.4) read the logits from?",
    old="states[:, -1]",
    new="states[:, 0]",
)
mistake(
    "build_memory_model",
    "probabilities",
    says="(8.4) ends with logits.",
    old="return self.readout(states[:, -1])",
    new="return self.readout(states[:, -1]).softmax(dim=1)",
)
mistake(
    "build_memory_model",
    "detached",
    says="Can a gradient walk from the logits back to x?",
    old="torch.as_tensor(x).to(",
    new="torch.as_tensor(x).detach().to(",
)
mistake(
    "build_memory_model",
    "dtype_of_input",
    says=INTO_FORM,
    old="x = torch.as_tensor(x).to(self.readout.weight.dtype)",
    new="x = torch.as_tensor(x)",
)
mistake(
    "build_memory_model",
    "arrays_only",
    says=INTO_FORM,
    old="torch.as_tensor(x).to(",
    new="torch.from_numpy(x).to(",
)
mistake(
    "build_memory_model",
    "seed_unused",
    says="What does the seed have to decide?",
    old="        torch.manual_seed(seed)\n",
)
mistake(
    "build_memory_model",
    "gru_is_lstm",
    says="Compare the number of parameters of the three cells.",
    old='"gru": nn.GRU',
    new='"gru": nn.LSTM',
)
mistake(
    "build_memory_model",
    "relu",
    says="Which nonlinearity does the vanilla RNN of this course have?",
    old='"rnn": nn.RNN',
    new='"rnn": lambda *sizes, **more: nn.RNN(*sizes, nonlinearity="relu", **more)',
)
mistake(
    "build_memory_model",
    "key_error",
    says="Which error does the docstring name for an unknown cell?",
    old="    if cell not in layers:\n"
    "        raise ValueError(f\"cell must be one of {', '.join(layers)}, not {cell!r}\")\n",
)
mistake(
    "build_memory_model",
    "any_case",
    says="Which three spellings does the docstring list?",
    old="    if cell not in layers:\n",
    new="    cell = cell.lower()\n    if cell not in layers:\n",
)
mistake(
    "build_memory_model",
    "recurrent_name_missing",
    says="What does the model have to say about itself, for `rnn`?",
    old='    if cell == "rnn":\n        model.recurrent_name = "recurrent.weight_hh_l0"\n',
)
mistake(
    "build_memory_model",
    "recurrent_name_of_input_matrix",
    says="Which of the names in `named_parameters()` is the (H, H) matrix?",
    old='"recurrent.weight_hh_l0"',
    new='"recurrent.weight_ih_l0"',
)
mistake(
    "build_memory_model",
    "two_layers",
    says="How many recurrent layers does (8.4) have?",
    old="batch_first=True)",
    new="num_layers=2, batch_first=True)",
)
mistake(
    "build_memory_model",
    "state_kept",
    says="Which state does each call start from, in (8.4)?",
    old="            states, _ = self.recurrent(x)\n",
    new="            if getattr(self, 'kept', None) is None or len(self.kept_for) != len(x):\n"
    "                self.kept, self.kept_for = None, x\n"
    "            states, kept = self.recurrent(x, self.kept)\n"
    "            self.kept = kept.detach() if cell != 'lstm' else tuple(k.detach() for k in kept)\n",
)
mistake(
    "build_memory_model",
    "recurrent_matrix_frozen",
    says="A fresh model is trainable as a whole.",
    old="    return model\n",
    new="    model.recurrent.weight_hh_l0.requires_grad_(False)\n    return model\n",
)

# --- set_recurrent_eigenvalue ---------------------------------------------------------------------

FROZEN = "Which parameters may be trained afterwards, and which may not?"
ORTHOGONAL = "Multiply the transpose of your matrix with itself, and compare with (8.6)."

mistake(
    "set_recurrent_eigenvalue",
    "random_matrix",
    says=ORTHOGONAL,
    old="orthogonal = q * np.where(np.diag(r) < 0, -1.0, 1.0)",
    new="orthogonal = np.random.default_rng(seed).normal(size=(H, H)) / H**0.5",
)
mistake(
    "set_recurrent_eigenvalue",
    "spectral_radius_only",
    says=ORTHOGONAL,
    old="orthogonal = q * np.where(np.diag(r) < 0, -1.0, 1.0)",
    new="draws = np.random.default_rng(seed).normal(size=(H, H))\n"
    "        orthogonal = draws / np.abs(np.linalg.eigvals(draws)).max()",
)
SPREAD = "Where on the unit circle are the eigenvalues of your matrix, and what decides about it?"
mistake(
    "set_recurrent_eigenvalue",
    "seed_ignored_identity",
    says=SPREAD,
    old="    if seed is not None:\n",
    new="    if False:\n",
)
mistake(
    "set_recurrent_eigenvalue",
    "seed_ignored_one_matrix",
    says="Another seed gives another matrix.",
    old="default_rng(seed)",
    new="default_rng(0)",
)
mistake(
    "set_recurrent_eigenvalue",
    "seed_zero_is_none",
    says="Which values of the seed are ints?",
    old="    if seed is not None:\n",
    new="    if seed:\n",
)
mistake(
    "set_recurrent_eigenvalue",
    "random_signs",
    says=SPREAD,
    old="orthogonal = q * np.where(np.diag(r) < 0, -1.0, 1.0)",
    new="orthogonal = np.diag(np.random.default_rng(seed).choice([-1.0, 1.0], size=H))",
)
mistake(
    "set_recurrent_eigenvalue",
    "one_reflection",
    says=SPREAD,
    old="orthogonal = q * np.where(np.diag(r) < 0, -1.0, 1.0)",
    new="v = np.random.default_rng(seed).normal(size=H)\n"
    "        orthogonal = np.eye(H) - 2 * np.outer(v, v) / (v @ v)",
)
mistake(
    "set_recurrent_eigenvalue",
    "factor_of_present_matrix",
    says="What may the random matrix depend on, and on what not?",
    old="np.random.default_rng(seed).normal(size=(H, H))",
    new="weight.detach().double().numpy() + np.random.default_rng(seed).normal(size=(H, H))",
)
mistake(
    "set_recurrent_eigenvalue",
    "unseeded",
    says="The same seed gives the same matrix.",
    old="np.random.default_rng(seed)",
    new="np.random.default_rng()",
)
mistake(
    "set_recurrent_eigenvalue",
    "old_matrix_scaled",
    says="(8.6) replaces the matrix.",
    old="weight.copy_(torch.as_tensor(eigenvalue * orthogonal))",
    new="weight.mul_(eigenvalue)",
)
mistake(
    "set_recurrent_eigenvalue",
    "eigenvalue_missing",
    says="What is orthogonal in (8.6), and what is the factor?",
    old="eigenvalue * orthogonal",
    new="orthogonal",
)
mistake(
    "set_recurrent_eigenvalue",
    "eigenvalue_capped",
    says="Any float is allowed as eigenvalue.",
    old="eigenvalue * orthogonal",
    new="max(-1.0, min(1.0, eigenvalue)) * orthogonal",
)
mistake(
    "set_recurrent_eigenvalue",
    "still_trained",
    says=FROZEN,
    old="    weight.requires_grad_(False)\n",
)
mistake(
    "set_recurrent_eigenvalue",
    "everything_frozen",
    says=FROZEN,
    old="    weight.requires_grad_(False)\n",
    new="    model.requires_grad_(False)\n",
)
mistake(
    "set_recurrent_eigenvalue",
    "biases_cleared",
    says="Everything but one matrix stays as it is.",
    old="        weight.copy_(torch.as_tensor(eigenvalue * orthogonal))\n",
    new="        weight.copy_(torch.as_tensor(eigenvalue * orthogonal))\n"
    "        for parameter in model.parameters():\n"
    "            if parameter.dim() == 1:\n"
    "                parameter.zero_()\n",
)
mistake(
    "set_recurrent_eigenvalue",
    "copy_changed",
    says="Which model does the docstring say is changed?",
    old="    weight = dict(",
    new="    import copy\n\n    model = copy.deepcopy(model)\n    weight = dict(",
)
mistake(
    "set_recurrent_eigenvalue",
    "result_missing",
    says="What does the function return?",
    old="    return model\n",
)

# --- gradient_profile -----------------------------------------------------------------------------

NORM_THEN_MEAN = "Read (8.7) from the inside: over which axes is the norm, over which the mean?"

mistake(
    "gradient_profile",
    "norm_of_mean",
    says=NORM_THEN_MEAN,
    old="gradient.norm(dim=2).mean(dim=0)",
    new="gradient.mean(dim=0).norm(dim=1)",
)
mistake(
    "gradient_profile",
    "sum_over_batch",
    says=NORM_THEN_MEAN,
    old=".mean(dim=0)",
    new=".sum(dim=0)",
)
mistake(
    "gradient_profile",
    "root_mean_square",
    says=NORM_THEN_MEAN,
    old="gradient.norm(dim=2).mean(dim=0)",
    new="gradient.square().sum(dim=2).mean(dim=0).sqrt()",
)
mistake(
    "gradient_profile",
    "sum_of_magnitudes",
    says="Which norm does (8.7) ask for?",
    old="gradient.norm(dim=2)",
    new="gradient.abs().sum(dim=2)",
)
mistake(
    "gradient_profile",
    "largest_logit",
    says="Of which scalar does (8.7) take the gradient?",
    old="model(inputs).sum()",
    new="model(inputs).amax(dim=1).sum()",
)
mistake(
    "gradient_profile",
    "steps_back",
    says="Which step does the first entry of the profile belong to?",
    old=".mean(dim=0)",
    new=".mean(dim=0).flip(0)",
)
mistake(
    "gradient_profile",
    "single_precision",
    says="Which dtype does the docstring ask for?",
    old=".to(torch.float64, copy=True)",
    new=".to(torch.float32, copy=True)",
)
mistake(
    "gradient_profile",
    "arrays_only",
    says="x may be an array or a tensor.",
    old="torch.as_tensor(x).detach()",
    new="torch.from_numpy(x).detach()",
)
mistake(
    "gradient_profile",
    "tensor_returned",
    says="What kind of array does the docstring promise?",
    old=".mean(dim=0).numpy()",
    new=".mean(dim=0)",
)
mistake(
    "gradient_profile",
    "gradients_pile_up",
    says="What is left from the call before?",
    old="    (gradient,) = torch.autograd.grad(model(inputs).sum(), inputs)\n",
    new="    (gradient,) = torch.autograd.grad(model(inputs).sum(), inputs)\n"
    "    left = getattr(model, 'input_gradient', None)\n"
    "    if left is not None and left.shape == gradient.shape:\n"
    "        gradient = gradient + left\n"
    "    model.input_gradient = gradient\n",
)
mistake(
    "gradient_profile",
    "model_frozen",
    says="The model is only looked at.",
    old="    # autograd.grad,",
    new="    model.requires_grad_(False)\n    # autograd.grad,",
)
mistake(
    "gradient_profile",
    "needs_trained_parameters",
    says="Does it take trainable parameters to differentiate with respect to x?",
    old="    # autograd.grad,",
    new="    sum(p.sum() for p in model.parameters()).backward()\n    # autograd.grad,",
)

# --- train_recall ---------------------------------------------------------------------------------

UPDATE = "Go through one update: batch, loss, gradients, clipping, change."

mistake(
    "train_recall",
    "one_batch_for_all",
    says="Does every update see a fresh batch?",
    old="recall_batch(64, T, K, int(batch_seed))",
    new="recall_batch(64, T, K, seed)",
)
mistake(
    "train_recall",
    "no_update",
    says=UPDATE,
    old="        optimizer.step()\n",
)
mistake(
    "train_recall",
    "gradients_cleared_too_late",
    says=UPDATE,
    old="        optimizer.zero_grad()\n        loss.backward()\n",
    new="        loss.backward()\n        optimizer.zero_grad()\n",
)
mistake(
    "train_recall",
    "uphill",
    says="In which direction should the loss go?",
    old="lr=3e-3)",
    new="lr=3e-3, maximize=True)",
)
mistake(
    "train_recall",
    "readout_only",
    says="Which parameters are trained?",
    old="if parameter.requires_grad]",
    new="if parameter.requires_grad][-2:]",
)
mistake(
    "train_recall",
    "frozen_thawed",
    says="What was taken out of training stays out.",
    old="if parameter.requires_grad]",
    new="if parameter.requires_grad_(True) is not None]",
)
mistake(
    "train_recall",
    "copy_trained",
    says="Which model has learnt something afterwards?",
    old="    trainable = [",
    new="    import copy\n\n    model = copy.deepcopy(model)\n    trainable = [",
)
mistake(
    "train_recall",
    "losses_are_tensors",
    says="The docstring promises floats.",
    old="losses.append(loss.item())",
    new="losses.append(loss)",
)
mistake(
    "train_recall",
    "one_loss_too_few",
    says="How many losses does the docstring promise?",
    old="    return losses\n",
    new="    return losses[1:]\n",
)
mistake(
    "train_recall",
    "seed_ignored",
    says="What does the seed have to decide?",
    old="default_rng(seed)",
    new="default_rng(1)",
)
mistake(
    "train_recall",
    "one_step_short",
    says="How long are the sequences the model is trained on?",
    old="recall_batch(64, T, K",
    new="recall_batch(64, max(2, T - 1), K",
)

# --- recall_accuracy ------------------------------------------------------------------------------

SHARE = "What share is asked for: of what, and from which range?"

mistake(
    "recall_accuracy",
    "percent",
    says=SHARE,
    old=".double().mean())",
    new=".double().mean()) * 100",
)
mistake(
    "recall_accuracy",
    "error_rate",
    says=SHARE,
    old="answers == torch",
    new="answers != torch",
)
mistake(
    "recall_accuracy",
    "batch_of_200",
    says="How many sequences does the docstring ask for?",
    old="recall_batch(512,",
    new="recall_batch(200,",
)
mistake(
    "recall_accuracy",
    "smallest_logit",
    says="Which logit is the answer?",
    old="argmax(dim=1)",
    new="argmin(dim=1)",
)
mistake(
    "recall_accuracy",
    "seed_ignored",
    says="What does the seed have to decide?",
    old="recall_batch(512, T, K, seed)",
    new="recall_batch(512, T, K, 0)",
)
mistake(
    "recall_accuracy",
    "one_step_short",
    says="How many steps do the sequences have?",
    old="recall_batch(512, T, K",
    new="recall_batch(512, max(2, T - 1), K",
)
mistake(
    "recall_accuracy",
    "cue_taken_away",
    says="What does the last step of a sequence hold?",
    old="    with torch.no_grad():\n",
    new="    x[:, -1] = 0.0\n    with torch.no_grad():\n",
)
mistake(
    "recall_accuracy",
    "probability_of_target",
    says="An answer is right or wrong.",
    old="return float((answers == torch.as_tensor(targets)).double().mean())",
    new="p = model(x).detach().softmax(dim=1)\n"
    "    return float(p[torch.arange(len(targets)), torch.as_tensor(targets)].mean())",
)
mistake(
    "recall_accuracy",
    "model_frozen",
    says="The model is only looked at.",
    old="    with torch.no_grad():\n",
    new="    model.requires_grad_(False)\n    with torch.no_grad():\n",
)
mistake(
    "recall_accuracy",
    "tensor_returned",
    says="The docstring promises a float.",
    old="return float((answers == torch.as_tensor(targets)).double().mean())",
    new="return (answers == torch.as_tensor(targets)).double().mean()",
)

# --- what is reported, and what is left behind ----------------------------------------------------

REPORTED = (
    "Which loss does the docstring promise for each batch, in which unit, and of which moment?"
)
CLIPPED = "What does a single enormous gradient do to your update? Read (8.8) once more."

mistake(
    "train_recall",
    "loss_after_the_update",
    says=REPORTED,
    old="        losses.append(loss.item())",
    new="        with torch.no_grad():\n"
    "            loss = nn.functional.cross_entropy(model(x), torch.as_tensor(targets))\n"
    "        losses.append(loss.item())",
)
mistake(
    "train_recall",
    "loss_summed",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(loss.item() * len(targets))",
)
mistake(
    "train_recall",
    "loss_in_bits",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(loss.item() / float(np.log(2.0)))",
)
mistake(
    "train_recall",
    "loss_of_each_symbol_averaged_away",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(loss.item() / K)",
)
mistake(
    "train_recall",
    "error_rate",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(float((model(x).argmax(dim=1) != torch.as_tensor(targets)).double().mean()))",
)
mistake(
    "train_recall",
    "loss_smoothed",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(loss.item() if not losses else 0.9 * losses[-1] + 0.1 * loss.item())",
)
mistake(
    "train_recall",
    "loss_averaged_so_far",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(loss.item() if not losses else losses[-1] + (loss.item() - losses[-1]) / (len(losses) + 1))",
)
mistake(
    "train_recall",
    "zeros",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(0.0)",
)
mistake(
    "train_recall",
    "perplexity",
    says=REPORTED,
    old="losses.append(loss.item())",
    new="losses.append(float(loss.detach().exp()))",
)
mistake(
    "train_recall",
    "not_clipped",
    says=CLIPPED,
    old="        nn.utils.clip_grad_norm_(trainable, 1.0)\n",
)
mistake(
    "train_recall",
    "clipped_after_the_update",
    says=CLIPPED,
    old="        nn.utils.clip_grad_norm_(trainable, 1.0)\n        optimizer.step()\n",
    new="        optimizer.step()\n        nn.utils.clip_grad_norm_(trainable, 1.0)\n",
)
mistake(
    "train_recall",
    "clipped_before_there_is_a_gradient",
    says=CLIPPED,
    old="        loss.backward()\n        nn.utils.clip_grad_norm_(trainable, 1.0)\n",
    new="        nn.utils.clip_grad_norm_(trainable, 1.0)\n        loss.backward()\n",
)
mistake(
    "train_recall",
    "loss_clipped_instead",
    says=CLIPPED,
    old="        loss.backward()\n        nn.utils.clip_grad_norm_(trainable, 1.0)\n",
    new="        loss.clamp(max=10.0).backward()\n",
)
mistake(
    "train_recall",
    "two_batches_in_turn",
    says="Does every update see a fresh batch?",
    old="recall_batch(64, T, K, int(batch_seed))",
    new="recall_batch(4, T, K, int(batch_seed) % 2)",
)
mistake(
    "recall_accuracy",
    "always_one",
    says=SHARE,
    old="return float((answers == torch.as_tensor(targets)).double().mean())",
    new="return 1.0",
)
mistake(
    "recall_accuracy",
    "compared_with_itself",
    says=SHARE,
    old="answers == torch.as_tensor(targets)",
    new="answers == model(x).argmax(dim=1)",
)
mistake(
    "recall_accuracy",
    "half_is_enough",
    says=SHARE,
    old="return float((answers == torch.as_tensor(targets)).double().mean())",
    new="return float((answers == torch.as_tensor(targets)).double().mean() > 0.5)",
)
mistake(
    "recall_accuracy",
    "left_in_another_mode",
    says="The model is only looked at.",
    old="    with torch.no_grad():\n",
    new="    model.eval()\n    with torch.no_grad():\n",
)
mistake(
    "gradient_profile",
    "gradients_left_in_the_model",
    says="The model is only looked at. What does backward() leave in it?",
    old="    (gradient,) = torch.autograd.grad(model(inputs).sum(), inputs)\n",
    new="    model(inputs).sum().backward()\n    gradient = inputs.grad\n",
)
mistake(
    "gradient_profile",
    "left_in_another_mode",
    says="The model is only looked at.",
    old="    # autograd.grad,",
    new="    model.eval()\n    # autograd.grad,",
)
mistake(
    "gradient_profile",
    "floored",
    says="How small can the gradient of an early step be?",
    old="gradient.norm(dim=2)",
    new="gradient.norm(dim=2).clamp(min=1e-6)",
)
mistake(
    "build_memory_model",
    "forget_bias_of_ten",
    says="Between which numbers does the forget bias start?",
    old="= 4.0\n",
    new="= 10.0\n",
)
mistake(
    "build_memory_model",
    "forget_bias_twice",
    says="PyTorch adds two biases. What is their sum?",
    old="model.recurrent.bias_hh_l0[H : 2 * H] = 0.0",
    new="model.recurrent.bias_hh_l0[H : 2 * H] = 4.0",
)
mistake(
    "build_memory_model",
    "only_the_last_ten_steps",
    says="Which steps does the network read?",
    old="            states, _ = self.recurrent(x)",
    new="            states, _ = self.recurrent(x[:, -10:])",
)
mistake(
    "set_recurrent_eigenvalue",
    "seed_of_zero_is_none",
    says="Which numbers may the seed be? Try 0.",
    old="    if seed is not None:",
    new="    if seed:",
)
mistake(
    "lstm_signal",
    "forget_of_zero_is_one",
    says="What does a forget gate of 0 keep?",
    old="float(forget)",
    new="float(forget or 1.0)",
)
mistake(
    "rnn_signal",
    "eigenvalue_of_zero_is_one",
    says="What does an eigenvalue of 0 keep?",
    old="float(eigenvalue)",
    new="float(eigenvalue or 1.0)",
)
mistake(
    "rnn_signal",
    "capped_at_one",
    says="May an eigenvalue be larger than 1?",
    old="float(eigenvalue)",
    new="min(float(eigenvalue), 1.0)",
)
