"""Catalogued mistakes of Chapter 7."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- encode ---------------------------------------------------------------------------------------

mistake(
    "encode",
    "context_after_padding",
    says="After which step of a short row is (7.2) taken?",
    old="h = torch.where(valid[:, t, None], step, h)",
    new="h = step",
)
mistake(
    "encode",
    "context_of_last_column",
    says="After which step of a short row is (7.2) taken?",
    old="return torch.stack(states, dim=1), h",
    new="return torch.stack(states, dim=1), states[-1]",
)
mistake(
    "encode",
    "state_cleared_in_padding",
    says="What becomes of the state of a row that has ended?",
    old="h = torch.where(valid[:, t, None], step, h)",
    new="h = torch.where(valid[:, t, None], step, 0.0)",
)
mistake(
    "encode",
    "state_carried_into_padding",
    says="What do the states hold past a length?",
    old="states.append(torch.where(valid[:, t, None], step, 0.0))",
    new="states.append(h)",
)
mistake(
    "encode",
    "states_on_padding_kept",
    says="What do the states hold past a length?",
    old="states.append(torch.where(valid[:, t, None], step, 0.0))",
    new="states.append(step)",
)
mistake(
    "encode",
    "one_step_too_many",
    says="How many steps of a row are valid, counted from 0?",
    old="torch.arange(S) < lengths",
    new="torch.arange(S) <= lengths",
)
mistake(
    "encode",
    "one_step_too_few",
    says="How many steps of a row are valid, counted from 0?",
    old="torch.arange(S) < lengths[:, None]",
    new="torch.arange(S) < lengths[:, None] - 1",
)
mistake(
    "encode",
    "longest_row_for_all",
    says="Does every row of the batch have the same number of valid steps?",
    old="< lengths[:, None]",
    new="< lengths.max().expand(len(lengths), 1)",
)
mistake(
    "encode",
    "tokens_overwritten",
    says="An argument belongs to the caller.",
    old='    x = params["E_src"][tokens]',
    new='    tokens[~valid] = 0\n    x = params["E_src"][tokens]',
)
mistake(
    "encode",
    "recurrent_not_transposed",
    says="A batch has rows where (7.1) has columns. Square shapes hide this.",
    old='params["Whh"].T',
    new='params["Whh"]',
)
mistake(
    "encode",
    "recurrence_missing",
    says="Which two vectors does (7.1) read?",
    old=' + h @ params["Whh"].T',
    new="",
)
mistake(
    "encode",
    "input_missing",
    says="Which two vectors does (7.1) read?",
    old='x[:, t] @ params["Wxh"].T + ',
    new="",
)
mistake(
    "encode",
    "bias_missing",
    says="Count the terms inside the tanh of (7.1).",
    old=' + params["bh"])',
    new=")",
)
mistake(
    "encode",
    "decoder_matrix",
    says="Which matrices of the table belong to the encoder?",
    old='params["Whh"]',
    new='params["Ws"]',
)
mistake(
    "encode",
    "target_embedding",
    says="Which of the two tables has a row for a source token?",
    old='params["E_src"]',
    new='params["E_tgt"]',
)
mistake(
    "encode",
    "sigmoid",
    says="Which nonlinearity does (7.1) have?",
    old="torch.tanh(",
    new="torch.sigmoid(",
)
mistake(
    "encode",
    "linear",
    says="What is around the sum in (7.1)?",
    old="torch.tanh(x",
    new="(x",
)
mistake(
    "encode",
    "starts_from_ones",
    says="What is h_0 in (7.1)?",
    old="x.new_zeros(",
    new="x.new_ones(",
)
mistake(
    "encode",
    "starts_from_bias",
    says="What is h_0 in (7.1)?",
    old='x.new_zeros(x.shape[0], params["bh"].shape[0])',
    new='params["bh"].expand(x.shape[0], -1)',
)
mistake(
    "encode",
    "single_precision_start",
    says="Of which dtype are the parameters, and of which is a new tensor?",
    old="x.new_zeros(",
    new="torch.zeros(",
)
mistake(
    "encode",
    "reads_backwards",
    says="In which direction does (7.1) run?",
    old="for t in range(S)",
    new="for t in reversed(range(S))",
)
mistake(
    "encode",
    "last_step_unread",
    says="Which is the last step of (7.1)?",
    old="for t in range(S):",
    new="for t in range(max(1, S - 1)):",
)
mistake(
    "encode",
    "truncated_to_one_step",
    says="Through how many steps does the gradient of the context run?",
    old="h = torch.where(valid[:, t, None], step, h)",
    new="h = torch.where(valid[:, t, None], step, h).detach()",
)
mistake(
    "encode",
    "states_detached",
    says="Does the gradient reach the encoder from both results?",
    old="torch.where(valid[:, t, None], step, 0.0)",
    new="torch.where(valid[:, t, None], step, 0.0).detach()",
)
mistake(
    "encode",
    "context_detached",
    says="Does the gradient reach the encoder from both results?",
    old="dim=1), h",
    new="dim=1), h.detach()",
)
mistake(
    "encode",
    "frozen_embedding",
    says="Which parameters does the result depend on?",
    old='params["E_src"][',
    new='params["E_src"].data[',
)
mistake(
    "encode",
    "time_first",
    says="Which axis of the states counts rows?",
    old="dim=1)",
    new="dim=0)",
)
mistake(
    "encode",
    "results_swapped",
    says="In which order does the docstring name the results?",
    old="return torch.stack(states, dim=1), h",
    new="return h, torch.stack(states, dim=1)",
)
mistake(
    "encode",
    "initial_state_included",
    says="Does (7.1) count h_0 among the states?",
    old="states = []",
    new="states = [h]",
)
mistake(
    "encode",
    "embedding_scaled",
    says="Is there a factor in front of the embedding in (7.1)?",
    old='params["E_src"][tokens]',
    new='params["E_src"][tokens] * params["E_src"].shape[1] ** 0.5',
)
mistake(
    "encode",
    "state_between_calls",
    says="From which state does every call start?",
    code="""
_last_state = {}


def encode(tokens, lengths, params):
    S = tokens.shape[1]
    valid = torch.arange(S) < lengths[:, None]
    x = params["E_src"][tokens]
    h = _last_state.get(tokens.shape)
    if h is None:
        h = x.new_zeros(x.shape[0], params["bh"].shape[0])
    states = []
    for t in range(S):
        step = torch.tanh(x[:, t] @ params["Wxh"].T + h @ params["Whh"].T + params["bh"])
        h = torch.where(valid[:, t, None], step, h)
        states.append(torch.where(valid[:, t, None], step, 0.0))
    _last_state[tokens.shape] = h.detach()
    return torch.stack(states, dim=1), h
""",
)
mistake(
    "encode",
    "packed_library_layer",
    says="How does the library deal with a row of length 0?",
    code="""
def encode(tokens, lengths, params):
    H, D = params["Wxh"].shape
    valid = torch.arange(tokens.shape[1]) < lengths[:, None]
    x = params["E_src"][tokens]
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        x, lengths, batch_first=True, enforce_sorted=False
    )
    layer = torch.nn.RNN(D, H, batch_first=True).to(x.dtype)
    weights = {
        "weight_ih_l0": params["Wxh"],
        "weight_hh_l0": params["Whh"],
        "bias_ih_l0": params["bh"],
        "bias_hh_l0": torch.zeros_like(params["bh"]),
    }
    packed_states, last = torch.func.functional_call(layer, weights, (packed,))
    states, _ = torch.nn.utils.rnn.pad_packed_sequence(
        packed_states, batch_first=True, total_length=tokens.shape[1]
    )
    return states, last[0]
""",
)
# --- decoder_step ---------------------------------------------------------------------------------

mistake(
    "decoder_step",
    "context_missing",
    says="Count the terms inside the tanh of (7.3).",
    old='        + context @ params["Wc"].T\n',
    new="",
)
mistake(
    "decoder_step",
    "previous_token_missing",
    says="Count the terms inside the tanh of (7.3).",
    old='        + params["E_tgt"][y_prev] @ params["Wy"].T\n',
    new="",
)
mistake(
    "decoder_step",
    "previous_state_missing",
    says="Count the terms inside the tanh of (7.3).",
    old='s_prev @ params["Ws"].T\n        + ',
    new="",
)
mistake(
    "decoder_step",
    "bias_missing",
    says="Count the terms inside the tanh of (7.3).",
    old='        + params["bs"]\n',
    new="",
)
mistake(
    "decoder_step",
    "encoder_bias",
    says="Which bias does (7.3) have?",
    old='params["bs"]',
    new='params["bh"]',
)
mistake(
    "decoder_step",
    "output_bias_missing",
    says="How many terms has (7.4)?",
    old=' + params["bo"]',
    new="",
)
mistake(
    "decoder_step",
    "matrices_swapped",
    says="Which matrix of (7.3) multiplies the context?",
    old='s_prev @ params["Ws"].T',
    new='s_prev @ params["Wc"].T',
)
mistake(
    "decoder_step",
    "state_and_context_swapped",
    says="Which matrix of (7.3) multiplies the state before?",
    old="s = torch.tanh(",
    new="s_prev, context = context, s_prev\n    s = torch.tanh(",
)
mistake(
    "decoder_step",
    "state_matrix_not_transposed",
    says="Rows instead of columns: look at the square matrices of (7.3).",
    old='params["Ws"].T',
    new='params["Ws"]',
)
mistake(
    "decoder_step",
    "context_matrix_not_transposed",
    says="Rows instead of columns: look at the square matrices of (7.3).",
    old='params["Wc"].T',
    new='params["Wc"]',
)
mistake(
    "decoder_step",
    "source_embedding",
    says="Which table has a row for a target token?",
    old='params["E_tgt"]',
    new='params["E_src"]',
)
mistake(
    "decoder_step",
    "encoder_matrix",
    says="Which matrix of (7.3) multiplies the embedding?",
    old='params["Wy"]',
    new='params["Wxh"]',
)
mistake(
    "decoder_step",
    "linear",
    says="What is around the sum in (7.3)?",
    old="torch.tanh(",
    new="(",
)
mistake(
    "decoder_step",
    "relu",
    says="Which nonlinearity does (7.3) have?",
    old="torch.tanh(",
    new="torch.relu(",
)
mistake(
    "decoder_step",
    "reads_state_before",
    says="Which state does (7.4) read?",
    old='return s @ params["Wo"].T',
    new='return s_prev @ params["Wo"].T',
)
mistake(
    "decoder_step",
    "probabilities",
    says="Are the results of (7.4) scores or probabilities?",
    old='return s @ params["Wo"].T + params["bo"], s',
    new='return torch.softmax(s @ params["Wo"].T + params["bo"], dim=-1), s',
)
mistake(
    "decoder_step",
    "log_probabilities",
    says="Are the results of (7.4) scores or log probabilities?",
    old='return s @ params["Wo"].T + params["bo"], s',
    new='return torch.log_softmax(s @ params["Wo"].T + params["bo"], dim=-1), s',
)
mistake(
    "decoder_step",
    "squashed_scores",
    says="What happens to the scores after (7.4)?",
    old='return s @ params["Wo"].T + params["bo"], s',
    new='return torch.tanh(s @ params["Wo"].T + params["bo"]), s',
)
mistake(
    "decoder_step",
    "results_swapped",
    says="In which order does the docstring name the results?",
    old='return s @ params["Wo"].T + params["bo"], s',
    new='return s, s @ params["Wo"].T + params["bo"]',
)
mistake(
    "decoder_step",
    "state_unchanged",
    says="Which state goes on to the next step?",
    old='+ params["bo"], s',
    new='+ params["bo"], s_prev',
)
mistake(
    "decoder_step",
    "previous_state_detached",
    says="To which arguments does the gradient of the state flow?",
    old="s_prev @",
    new="s_prev.detach() @",
)
mistake(
    "decoder_step",
    "context_detached",
    says="To which arguments does the gradient of the state flow?",
    old="context @",
    new="context.detach() @",
)
mistake(
    "decoder_step",
    "embedding_detached",
    says="Which parameters does the result depend on?",
    old='params["E_tgt"][y_prev]',
    new='params["E_tgt"][y_prev].detach()',
)
mistake(
    "decoder_step",
    "state_detached",
    says="The loss of later steps reaches this one through the state.",
    old='+ params["bo"], s',
    new='+ params["bo"], s.detach()',
)
mistake(
    "decoder_step",
    "scores_detached",
    says="The loss of this step reaches the parameters through the scores.",
    old='return s @ params["Wo"].T',
    new='return s.detach() @ params["Wo"].T',
)
mistake(
    "decoder_step",
    "state_overwritten",
    says="An argument belongs to the caller.",
    old="return s @",
    new="s_prev.data.copy_(s.data)\n    return s @",
)
mistake(
    "decoder_step",
    "state_averaged",
    says="Does (7.3) keep a part of the state before?",
    old="return s @",
    new="s = 0.5 * (s + s_prev)\n    return s @",
)
mistake(
    "decoder_step",
    "first_token_for_all",
    says="Does every row of the batch read its own token?",
    old='["E_tgt"][y_prev]',
    new='["E_tgt"][y_prev[:1]]',
)
# --- shift_right ----------------------------------------------------------------------------------

mistake(
    "shift_right",
    "rolled",
    says="What stands before the first target?",
    old="torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)",
    new="targets.roll(1, dims=1)",
)
mistake(
    "shift_right",
    "bos_always_zero",
    says="Which argument says what stands first?",
    old="torch.full_like(targets[:, :1], bos)",
    new="torch.zeros_like(targets[:, :1])",
)
mistake(
    "shift_right",
    "shifted_left",
    says="Does the decoder read what was, or what will be?",
    old="[torch.full_like(targets[:, :1], bos), targets[:, :-1]]",
    new="[targets[:, 1:], torch.full_like(targets[:, :1], bos)]",
)
mistake(
    "shift_right",
    "last_target_kept",
    says="How long are the inputs?",
    old="targets[:, :-1]",
    new="targets",
)
mistake(
    "shift_right",
    "first_target_replaced",
    says="Which target is dropped?",
    old="targets[:, :-1]",
    new="targets[:, 1:]",
)
mistake(
    "shift_right",
    "unshifted",
    says="What does the decoder read when it is to write the first target?",
    old="return torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)",
    new="return targets.clone()",
)
mistake(
    "shift_right",
    "rows_shifted",
    says="Along which axis does time run?",
    old="torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)",
    new="torch.cat([torch.full_like(targets[:1], bos), targets[:-1]], dim=0)",
)
mistake(
    "shift_right",
    "floats",
    says="Ids are used to look up rows of a table.",
    old="torch.full_like(targets[:, :1], bos)",
    new="torch.full(targets[:, :1].shape, float(bos))",
)
mistake(
    "shift_right",
    "targets_overwritten",
    says="The loss still needs the targets.",
    old="return torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)",
    new="targets[:, 1:] = targets[:, :-1].clone()\n    targets[:, 0] = bos\n    return targets",
)
mistake(
    "shift_right",
    "bos_only_in_first_row",
    says="Which rows begin with bos?",
    old="return torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)",
    new="shifted = targets.roll(1, dims=1)\n    shifted[0, 0] = bos\n    return shifted",
)
# --- decode_teacher_forced ------------------------------------------------------------------------

mistake(
    "decode_teacher_forced",
    "targets_read",
    says="What does the decoder read when it is to write the first target?",
    old="inputs = shift_right(targets, bos)",
    new="inputs = targets",
)
mistake(
    "decode_teacher_forced",
    "bos_ignored",
    says="Which argument says what the first step reads?",
    old="shift_right(targets, bos)",
    new="shift_right(targets, 0)",
)
mistake(
    "decode_teacher_forced",
    "state_not_handed_on",
    says="Which state does step t of (7.3) start from?",
    old="scores, s = decoder_step",
    new="scores, _ = decoder_step",
)
mistake(
    "decode_teacher_forced",
    "starts_from_zero",
    says="What is s_0 in (7.3)?",
    old="s, logits = context, []",
    new="s, logits = torch.zeros_like(context), []",
)
mistake(
    "decode_teacher_forced",
    "state_for_context",
    says="Which vector does (7.3) read again at every step?",
    old="s, context, params)",
    new="s, s, params)",
)
mistake(
    "decode_teacher_forced",
    "context_only_once",
    says="How many steps of (7.3) read the context?",
    old="s, context, params)",
    new="s, context if t == 0 else torch.zeros_like(context), params)",
)
mistake(
    "decode_teacher_forced",
    "context_only_as_state",
    says="How many steps of (7.3) read the context?",
    old="s, context, params)",
    new="s, torch.zeros_like(context), params)",
)
mistake(
    "decode_teacher_forced",
    "reads_own_output",
    says="Whose token does teacher forcing feed?",
    old="inputs[:, t], s",
    new="inputs[:, t] if t == 0 else logits[-1].argmax(dim=-1), s",
)
mistake(
    "decode_teacher_forced",
    "first_input_everywhere",
    says="Which column of the inputs belongs to step t?",
    old="inputs[:, t]",
    new="inputs[:, 0]",
)
mistake(
    "decode_teacher_forced",
    "last_step_missing",
    says="How many steps have a target?",
    old="for t in range(inputs.shape[1])",
    new="for t in range(max(1, inputs.shape[1] - 1))",
)
mistake(
    "decode_teacher_forced",
    "time_first",
    says="Which axis of the logits counts rows?",
    old="torch.stack(logits, dim=1)",
    new="torch.stack(logits, dim=0)",
)
mistake(
    "decode_teacher_forced",
    "steps_concatenated",
    says="Which axes do the logits have?",
    old="torch.stack(logits, dim=1)",
    new="torch.cat(logits, dim=1)",
)
mistake(
    "decode_teacher_forced",
    "state_detached",
    says="Through how many steps does the gradient of the last one run?",
    old="inputs[:, t], s, context",
    new="inputs[:, t], s.detach(), context",
)
mistake(
    "decode_teacher_forced",
    "context_detached",
    says="The encoder learns through the context.",
    old="s, context, params)",
    new="s, context.detach(), params)",
)
mistake(
    "decode_teacher_forced",
    "initial_state_detached",
    says="The encoder learns by two ways: what are they?",
    old="s, logits = context, []",
    new="s, logits = context.detach(), []",
)
mistake(
    "decode_teacher_forced",
    "scores_detached",
    says="Look at the gradient of the parameters.",
    old="logits.append(scores)",
    new="logits.append(scores.data)",
)
mistake(
    "decode_teacher_forced",
    "probabilities",
    says="Are scores or probabilities asked for?",
    old="logits.append(scores)",
    new="logits.append(torch.softmax(scores, dim=-1))",
)
mistake(
    "decode_teacher_forced",
    "reversed_steps",
    says="In which order are the steps run?",
    old="for t in range(inputs.shape[1])",
    new="for t in reversed(range(inputs.shape[1]))",
)
mistake(
    "decode_teacher_forced",
    "targets_overwritten",
    says="The loss still needs the targets.",
    old="inputs = shift_right(targets, bos)",
    new="inputs = targets.copy_(shift_right(targets, bos))",
)
# --- decode_greedy --------------------------------------------------------------------------------

mistake(
    "decode_greedy",
    "finished_rows_go_on",
    says="What stands in a row after its first eos?",
    old="torch.where(finished, eos, logits.argmax(dim=-1))",
    new="logits.argmax(dim=-1)",
)
mistake(
    "decode_greedy",
    "filled_with_zero",
    says="With which id is a finished row filled?",
    old="torch.where(finished, eos, ",
    new="torch.where(finished, 0, ",
)
mistake(
    "decode_greedy",
    "filled_with_bos",
    says="With which id is a finished row filled?",
    old="torch.where(finished, eos, ",
    new="torch.where(finished, bos, ",
)
mistake(
    "decode_greedy",
    "one_row_ends_all",
    says="Does a row depend on the others?",
    old="finished = finished | (y == eos)",
    new="finished = finished | (y == eos).any()",
)
mistake(
    "decode_greedy",
    "only_if_all_end",
    says="Does a row depend on the others?",
    old="finished = finished | (y == eos)",
    new="finished = finished | (y == eos).all()",
)
mistake(
    "decode_greedy",
    "finish_forgotten",
    says="Is a row that has ended once ended for good?",
    old="finished = finished | (y == eos)",
    new="finished = (y == eos) & ~finished",
)
mistake(
    "decode_greedy",
    "eos_is_one",
    says="Which argument says what ends a row?",
    old="(y == eos)",
    new="(y == 1)",
)
mistake(
    "decode_greedy",
    "stops_early",
    says="How many columns has the result?",
    old="        tokens.append(y)\n",
    new="        tokens.append(y)\n        if finished.all():\n            break\n",
)
mistake(
    "decode_greedy",
    "eos_dropped",
    says="Is the eos itself a part of the result?",
    old="        tokens.append(y)",
    new="        tokens.append(torch.where(finished, 0, y))",
)
mistake(
    "decode_greedy",
    "bos_included",
    says="Is bos a part of the result?",
    old="s, tokens = context, []",
    new="s, tokens = context, [y]",
)
mistake(
    "decode_greedy",
    "bos_shifts_the_result",
    says="Is bos a part of the result?",
    old="        tokens.append(y)\n    return torch.stack(tokens, dim=1)",
    new="        tokens.append(y)\n    return shift_right(torch.stack(tokens, dim=1), bos)",
)
mistake(
    "decode_greedy",
    "bos_is_zero",
    says="Which argument says what the first step reads?",
    old="(context.shape[0],), bos,",
    new="(context.shape[0],), 0,",
)
mistake(
    "decode_greedy",
    "always_reads_bos",
    says="What does the second step read?",
    old="decoder_step(y, s,",
    new="decoder_step(torch.full_like(y, bos), s,",
)
mistake(
    "decode_greedy",
    "state_not_handed_on",
    says="Which state does step t of (7.3) start from?",
    old="logits, s = decoder_step",
    new="logits, _ = decoder_step",
)
mistake(
    "decode_greedy",
    "starts_from_zero",
    says="What is s_0 in (7.3)?",
    old="s, tokens = context, []",
    new="s, tokens = torch.zeros_like(context), []",
)
mistake(
    "decode_greedy",
    "state_for_context",
    says="Which vector does (7.3) read again at every step?",
    old="s, context, params",
    new="s, s, params",
)
mistake(
    "decode_greedy",
    "smallest_score",
    says="Which score wins?",
    old="logits.argmax",
    new="logits.argmin",
)
mistake(
    "decode_greedy",
    "argmax_over_rows",
    says="Over which axis does a row choose?",
    old="argmax(dim=-1)",
    new="argmax(dim=0)[: len(y)]",
)
mistake(
    "decode_greedy",
    "larger_id_on_ties",
    says="Which id wins where scores tie?",
    old="logits.argmax(dim=-1)",
    new="logits.shape[-1] - 1 - logits.flip(-1).argmax(dim=-1)",
)
mistake(
    "decode_greedy",
    "sampled",
    says="Is anything random here?",
    old="logits.argmax(dim=-1)",
    new="torch.multinomial(torch.softmax(logits, dim=-1), 1)[:, 0]",
)
mistake(
    "decode_greedy",
    "never_ends",
    says="May eos win?",
    old="logits.argmax(dim=-1)",
    new="logits.index_fill(1, torch.tensor([eos]), -1e9).argmax(dim=-1)",
)
mistake(
    "decode_greedy",
    "never_writes_bos",
    says="May any token win?",
    old="logits.argmax(dim=-1)",
    new="logits.index_fill(1, torch.tensor([bos]), -1e9).argmax(dim=-1)",
)
mistake(
    "decode_greedy",
    "floats",
    says="Which dtype does the docstring name?",
    old="dtype=torch.int64",
    new="dtype=torch.float64",
)
mistake(
    "decode_greedy",
    "short_ids",
    says="Which dtype does the docstring name?",
    old="torch.stack(tokens, dim=1)",
    new="torch.stack(tokens, dim=1).to(torch.int32)",
)
mistake(
    "decode_greedy",
    "time_first",
    says="Which axis of the result counts rows?",
    old="torch.stack(tokens, dim=1)",
    new="torch.stack(tokens, dim=0)",
)
mistake(
    "decode_greedy",
    "one_too_few",
    says="How many columns has the result?",
    old="range(max_length)",
    new="range(max(1, max_length - 1))",
)
mistake(
    "decode_greedy",
    "one_too_many",
    says="How many columns has the result?",
    old="range(max_length)",
    new="range(max_length + 1)",
)
mistake(
    "decode_greedy",
    "first_row_for_all",
    says="Does every row feed its own token?",
    old="decoder_step(y, s,",
    new="decoder_step(y[:1].expand(len(y)), s,",
)
mistake(
    "decode_greedy",
    "parameters_in_training",
    says="May the parameters require a gradient?",
    old="logits.argmax(dim=-1)",
    new="torch.from_numpy(logits.numpy().argmax(axis=-1))",
)
mistake(
    "decode_greedy",
    "context_normalised",
    says="Does (7.3) read the context as it is?",
    old="s, tokens = context, []",
    new="context = context / context.norm(dim=1, keepdim=True)\n    s, tokens = context, []",
)
# --- scheduled_sampling_rate ----------------------------------------------------------------------

mistake(
    "scheduled_sampling_rate",
    "below_zero",
    says="A rate is a probability: look at (7.6) beyond step k.",
    old="max(0.0, 1.0 - step / k)",
    new="1.0 - step / k",
)
mistake(
    "scheduled_sampling_rate",
    "own_input_rate",
    says="Is the rate that of the truth or that of the model's own tokens?",
    old="max(0.0, 1.0 - step / k)",
    new="min(1.0, step / k)",
)
mistake(
    "scheduled_sampling_rate",
    "integer_division",
    says="Which division does (7.6) have?",
    old="1.0 - step / k",
    new="1.0 - step // k",
)
mistake(
    "scheduled_sampling_rate",
    "floor_above_zero",
    says="Where does the linear schedule of (7.6) end?",
    old="max(0.0,",
    new="max(0.05,",
)
mistake(
    "scheduled_sampling_rate",
    "base_and_exponent_swapped",
    says="What is the base in (7.6)?",
    old="float(k) ** step",
    new="float(step) ** k",
)
mistake(
    "scheduled_sampling_rate",
    "natural_exponential",
    says="What is the base in (7.6)?",
    old="float(k) ** step",
    new="math.exp(-k * step)",
)
mistake(
    "scheduled_sampling_rate",
    "one_step_late",
    says="What is the rate at step 0?",
    old="float(k) ** step",
    new="float(k) ** (step + 1)",
)
mistake(
    "scheduled_sampling_rate",
    "overflow",
    says="How large is the exponential of (7.6) after a million steps?",
    old="        decayed = k * math.exp(-step / k)\n        return decayed / (decayed + 1.0)",
    new="        return k / (k + math.exp(step / k))",
)
mistake(
    "scheduled_sampling_rate",
    "plain_sigmoid",
    says="Where does k stand in the fraction of (7.6)?",
    old="decayed = k * math.exp(-step / k)",
    new="decayed = math.exp(-step / k)",
)
mistake(
    "scheduled_sampling_rate",
    "exponent_multiplied",
    says="What is the exponent in (7.6)?",
    old="math.exp(-step / k)",
    new="math.exp(-step * k)",
)
mistake(
    "scheduled_sampling_rate",
    "turned_over",
    says="Does the rate fall or rise?",
    old="return decayed / (decayed + 1.0)",
    new="return 1.0 / (decayed + 1.0)",
)
mistake(
    "scheduled_sampling_rate",
    "exponent_without_k",
    says="What is the exponent in (7.6)?",
    old="math.exp(-step / k)",
    new="math.exp(-step)",
)
mistake(
    "scheduled_sampling_rate",
    "unknown_is_one",
    says="What is asked for where the name is none of the three?",
    old='raise ValueError(f"unknown schedule {schedule!r}")',
    new="return 1.0",
)
mistake(
    "scheduled_sampling_rate",
    "another_error",
    says="Which error does the docstring name?",
    old="raise ValueError(",
    new="raise KeyError(",
)
mistake(
    "scheduled_sampling_rate",
    "argument_not_named",
    says="What does the docstring say about the message?",
    old='f"unknown schedule {schedule!r}"',
    new='f"unknown {schedule!r}"',
)
mistake(
    "scheduled_sampling_rate",
    "any_other_is_sigmoid",
    says="What is asked for where the name is none of the three?",
    old='if schedule == "inverse_sigmoid":',
    new="if True:",
)
mistake(
    "scheduled_sampling_rate",
    "prefix_is_enough",
    says="Which names are there?",
    old='schedule == "linear"',
    new='"linear".startswith(schedule.lower())',
)
mistake(
    "scheduled_sampling_rate",
    "name_with_hyphen",
    says="How are the names spelt in the docstring?",
    old='== "inverse_sigmoid"',
    new='== "inverse-sigmoid"',
)
# --- decode_scheduled -----------------------------------------------------------------------------

mistake(
    "decode_scheduled",
    "inverted",
    says="What does True in use_truth mean?",
    old="torch.where(use_truth[:, t], targets[:, t - 1], logits[-1].argmax(dim=-1))",
    new="torch.where(use_truth[:, t], logits[-1].argmax(dim=-1), targets[:, t - 1])",
)
mistake(
    "decode_scheduled",
    "column_before",
    says="Which column of use_truth belongs to the input of step t?",
    old="use_truth[:, t], ",
    new="use_truth[:, t - 1], ",
)
mistake(
    "decode_scheduled",
    "column_after",
    says="Which column of use_truth belongs to the input of step t?",
    old="use_truth[:, t], ",
    new="use_truth[:, min(t + 1, targets.shape[1] - 1)], ",
)
mistake(
    "decode_scheduled",
    "target_of_this_step",
    says="Which target is the previous token of step t?",
    old="targets[:, t - 1]",
    new="targets[:, t]",
)
mistake(
    "decode_scheduled",
    "any_row_decides",
    says="Does every row of the batch decide for itself?",
    old="use_truth[:, t], ",
    new="use_truth[:, t].any(), ",
)
mistake(
    "decode_scheduled",
    "all_rows_decide",
    says="Does every row of the batch decide for itself?",
    old="use_truth[:, t], ",
    new="use_truth[:, t].all(), ",
)
mistake(
    "decode_scheduled",
    "first_row_decides",
    says="Does every row of the batch decide for itself?",
    old="use_truth[:, t], ",
    new="use_truth[:1, t], ",
)
mistake(
    "decode_scheduled",
    "always_truth",
    says="What is read where use_truth is False?",
    old="torch.where(use_truth[:, t], targets[:, t - 1], logits[-1].argmax(dim=-1))",
    new="targets[:, t - 1]",
)
mistake(
    "decode_scheduled",
    "never_truth",
    says="What is read where use_truth is True?",
    old="torch.where(use_truth[:, t], targets[:, t - 1], logits[-1].argmax(dim=-1))",
    new="logits[-1].argmax(dim=-1)",
)
mistake(
    "decode_scheduled",
    "bos_in_place_of_guess",
    says="What is read where use_truth is False?",
    old="logits[-1].argmax(dim=-1))",
    new="torch.full_like(targets[:, 0], bos))",
)
mistake(
    "decode_scheduled",
    "first_guess_kept",
    says="Whose argmax is the previous token of step t?",
    old="logits[-1].argmax",
    new="logits[0].argmax",
)
mistake(
    "decode_scheduled",
    "sampled",
    says="Is the guess drawn or the best one?",
    old="logits[-1].argmax(dim=-1)",
    new="torch.multinomial(torch.softmax(logits[-1], dim=-1), 1)[:, 0]",
)
mistake(
    "decode_scheduled",
    "worst_guess",
    says="Which score wins?",
    old=".argmax",
    new=".argmin",
)
mistake(
    "decode_scheduled",
    "first_step_obeys",
    says="What does step 0 read, whatever use_truth says?",
    old="inputs = torch.full_like(targets[:, 0], bos)",
    new="inputs = torch.where(use_truth[:, 0], targets[:, 0], bos)",
)
mistake(
    "decode_scheduled",
    "bos_is_zero",
    says="Which argument says what the first step reads?",
    old="torch.full_like(targets[:, 0], bos)",
    new="torch.zeros_like(targets[:, 0])",
)
mistake(
    "decode_scheduled",
    "starts_from_zero",
    says="What is s_0 in (7.3)?",
    old="s, logits = context, []",
    new="s, logits = torch.zeros_like(context), []",
)
mistake(
    "decode_scheduled",
    "state_not_handed_on",
    says="Which state does step t of (7.3) start from?",
    old="scores, s = decoder_step",
    new="scores, _ = decoder_step",
)
mistake(
    "decode_scheduled",
    "state_detached",
    says="What carries gradient, and what alone does not?",
    old="decoder_step(inputs, s,",
    new="decoder_step(inputs, s.detach(),",
)
mistake(
    "decode_scheduled",
    "context_detached",
    says="What carries gradient, and what alone does not?",
    old="s, context, params)",
    new="s, context.detach(), params)",
)
mistake(
    "decode_scheduled",
    "scores_detached",
    says="What carries gradient, and what alone does not?",
    old="logits.append(scores)",
    new="logits.append(scores.detach())",
)
mistake(
    "decode_scheduled",
    "cut_where_it_guesses",
    says="What carries gradient, and what alone does not?",
    old="        scores, s = decoder_step",
    new="            s = torch.where(use_truth[:, t, None], s, s.detach())\n        scores, s = decoder_step",
)
mistake(
    "decode_scheduled",
    "state_of_truth_only",
    says="Does the choice change anything but the token that is read?",
    old="        scores, s = decoder_step",
    new="            s = torch.where(use_truth[:, t, None], s, context)\n        scores, s = decoder_step",
)
mistake(
    "decode_scheduled",
    "targets_overwritten",
    says="The loss still needs the targets.",
    old="        scores, s = decoder_step",
    new="            targets[:, t - 1] = inputs\n        scores, s = decoder_step",
)
mistake(
    "decode_scheduled",
    "time_first",
    says="Which axis of the logits counts rows?",
    old="torch.stack(logits, dim=1)",
    new="torch.stack(logits, dim=0)",
)
mistake(
    "decode_scheduled",
    "last_step_missing",
    says="How many steps have a target?",
    old="range(targets.shape[1])",
    new="range(max(1, targets.shape[1] - 1))",
)
mistake(
    "decode_scheduled",
    "two_passes",
    says="Which logits does the guess of step t - 1 come from, if an earlier input was a guess?",
    code="""
def decode_scheduled(targets, context, params, bos, use_truth):
    def run(inputs):
        s, logits = context, []
        for t in range(inputs.shape[1]):
            scores, s = decoder_step(inputs[:, t], s, context, params)
            logits.append(scores)
        return torch.stack(logits, dim=1)

    forced = torch.cat([torch.full_like(targets[:, :1], bos), targets[:, :-1]], dim=1)
    guesses = torch.cat([forced[:, :1], run(forced).argmax(dim=-1)[:, :-1]], dim=1)
    use_truth = torch.cat([torch.ones_like(use_truth[:, :1]), use_truth[:, 1:]], dim=1)
    return run(torch.where(use_truth, forced, guesses))
""",
)
# --- sequence_cross_entropy -----------------------------------------------------------------------

mistake(
    "sequence_cross_entropy",
    "mean_over_all",
    says="How many positions does the mean of (7.7) run over?",
    old="valid.sum().clamp(min=1)",
    new="valid.numel()",
)
mistake(
    "sequence_cross_entropy",
    "summed",
    says="Is (7.7) a sum or a mean?",
    old=" / valid.sum().clamp(min=1)",
    new="",
)
mistake(
    "sequence_cross_entropy",
    "mean_over_rows",
    says="How many positions does the mean of (7.7) run over?",
    old="valid.sum().clamp(min=1)",
    new="valid.any(dim=1).sum().clamp(min=1)",
)
mistake(
    "sequence_cross_entropy",
    "nothing_left",
    says="What is the mean over no position?",
    old=".clamp(min=1)",
    new="",
)
mistake(
    "sequence_cross_entropy",
    "sign_missing",
    says="Is a loss of zero the best or the worst?",
    old="return -picked",
    new="return picked",
)
mistake(
    "sequence_cross_entropy",
    "pad_is_zero",
    says="Which argument says what padding is?",
    old="targets != pad",
    new="targets != 0",
)
mistake(
    "sequence_cross_entropy",
    "pad_is_negative",
    says="Which argument says what padding is?",
    old="targets != pad",
    new="targets >= 0",
)
mistake(
    "sequence_cross_entropy",
    "padding_from_first",
    says="Padding is told by the value of a target.",
    old="valid = targets != pad",
    new="valid = (targets == pad).cumsum(dim=1) == 0\n    valid = valid & (targets > 0)",
)
mistake(
    "sequence_cross_entropy",
    "padding_counts",
    says="Which positions does (7.7) leave out?",
    old="valid = targets != pad",
    new="valid = (targets >= 0) & (targets < logits.shape[-1])",
)
mistake(
    "sequence_cross_entropy",
    "naive_softmax",
    says="What is the exponential of 10000?",
    old="torch.log_softmax(logits[valid], dim=-1)",
    new="torch.log(torch.exp(logits[valid]) / torch.exp(logits[valid]).sum(dim=-1, keepdim=True))",
)
mistake(
    "sequence_cross_entropy",
    "log_of_softmax",
    says="What is the logarithm of a probability that has become 0?",
    old="torch.log_softmax(logits[valid], dim=-1)",
    new="torch.log(torch.softmax(logits[valid], dim=-1))",
)
mistake(
    "sequence_cross_entropy",
    "small_number_in_log",
    says="What is the logarithm of a probability that has become 0?",
    old="torch.log_softmax(logits[valid], dim=-1)",
    new="torch.log(torch.softmax(logits[valid], dim=-1) + 1e-9)",
)
mistake(
    "sequence_cross_entropy",
    "clipped_logits",
    says="Logits of which size are in order?",
    old="logits[valid], dim",
    new="logits[valid].clamp(-50, 50), dim",
)
mistake(
    "sequence_cross_entropy",
    "softmax_over_positions",
    says="Over which axis is (7.4) normalised?",
    old="torch.log_softmax(logits[valid], dim=-1)",
    new="torch.log_softmax(logits[valid], dim=0)",
)
mistake(
    "sequence_cross_entropy",
    "probability_itself",
    says="What is taken of the softmax in (7.7)?",
    old="torch.log_softmax",
    new="torch.softmax",
)
mistake(
    "sequence_cross_entropy",
    "logits_itself",
    says="What is taken of the logits in (7.7)?",
    old="torch.log_softmax(logits[valid], dim=-1)",
    new="logits[valid]",
)
mistake(
    "sequence_cross_entropy",
    "bits",
    says="To which base is the logarithm of (7.7)?",
    old="return -picked.sum()",
    new="return -picked.sum() / math.log(2.0)",
)
mistake(
    "sequence_cross_entropy",
    "vector_of_one",
    says="How many dimensions has the result?",
    old="return -picked.sum() / valid.sum().clamp(min=1)",
    new="return -picked.sum(dim=0) / valid.sum().clamp(min=1)",
)
mistake(
    "sequence_cross_entropy",
    "plain_number",
    says="Can a training step be made from the result?",
    old="return -picked.sum() / valid.sum().clamp(min=1)",
    new="return torch.tensor((-picked.sum() / valid.sum().clamp(min=1)).item(), dtype=logits.dtype)",
)
mistake(
    "sequence_cross_entropy",
    "label_smoothing",
    says="Which distribution does (7.7) compare with?",
    old="return -picked.sum()",
    new="return -(0.9 * picked.sum() + 0.1 * log_p.mean(dim=-1).sum())",
)
mistake(
    "sequence_cross_entropy",
    "extra_logits_dropped",
    says="Are logits and targets of the same step compared?",
    old="    valid = targets != pad",
    new="    logits, targets = logits[:, :-1], targets[:, 1:]\n    valid = targets != pad",
)
mistake(
    "sequence_cross_entropy",
    "wrong_targets_for_padding",
    says="An argument belongs to the caller.",
    old="    log_p =",
    new="    targets[~valid] = 0\n    log_p =",
)
mistake(
    "sequence_cross_entropy",
    "product_with_mask",
    says="What is zero times NaN?",
    code="""
def sequence_cross_entropy(logits, targets, pad):
    valid = targets != pad
    log_p = torch.log_softmax(logits, dim=-1)
    picked = log_p.gather(-1, torch.where(valid, targets, 0)[..., None])[..., 0]
    return -(picked * valid).sum() / valid.sum().clamp(min=1)
""",
)
mistake(
    "sequence_cross_entropy",
    "where_after_the_fact",
    says="A value that is thrown away still has a gradient: what is it beside NaN?",
    code="""
def sequence_cross_entropy(logits, targets, pad):
    valid = targets != pad
    log_p = torch.log_softmax(logits, dim=-1)
    picked = log_p.gather(-1, torch.where(valid, targets, 0)[..., None])[..., 0]
    return -torch.where(valid, picked, 0.0).sum() / valid.sum().clamp(min=1)
""",
)
mistake(
    "sequence_cross_entropy",
    "ignore_index",
    says="What does the library return where every target is ignored?",
    code="""
def sequence_cross_entropy(logits, targets, pad):
    V = logits.shape[-1]
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, V), targets.reshape(-1), ignore_index=pad
    )
""",
)
mistake(
    "sequence_cross_entropy",
    "mean_of_row_means",
    says="Is every position of the batch worth the same in (7.7)?",
    code="""
def sequence_cross_entropy(logits, targets, pad):
    losses = []
    for row, target in zip(logits, targets):
        valid = target != pad
        if valid.any():
            losses.append(torch.nn.functional.cross_entropy(row[valid], target[valid]))
    return torch.stack(losses).mean() if losses else logits[targets != pad].sum()
""",
)
# --- additive_attention ---------------------------------------------------------------------------

mistake(
    "additive_attention",
    "mask_missing",
    says="What does m_j do in (7.9)?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="    weights = torch.softmax(scores, dim=-1)",
)
mistake(
    "additive_attention",
    "mask_inverted",
    says="Is True for what may be looked at, or for what may not?",
    old="masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="masked_fill(mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * ~mask",
)
mistake(
    "additive_attention",
    "mask_after_softmax",
    says="Over which positions does the denominator of (7.9) run?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n",
    new="",
)
mistake(
    "additive_attention",
    "score_zero_is_not_hidden",
    says="What is the exponential of 0?",
    old="scores.masked_fill(~mask, torch.finfo(scores.dtype).min)",
    new="scores.masked_fill(~mask, 0.0)",
)
mistake(
    "additive_attention",
    "not_low_enough",
    says="How low can the scores of visible positions be?",
    old="torch.finfo(scores.dtype).min",
    new="-100.0",
)
mistake(
    "additive_attention",
    "hidden_row_uniform",
    says="What are the weights of a row that is masked completely?",
    old="torch.softmax(scores, dim=-1) * mask",
    new="torch.softmax(scores, dim=-1)",
)
mistake(
    "additive_attention",
    "minus_infinity",
    says="What is the softmax of a row that is masked completely?",
    old="torch.finfo(scores.dtype).min",
    new="-math.inf",
)
mistake(
    "additive_attention",
    "nan_overwritten",
    says="NaN that is overwritten is gone from the values. And from the gradient?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="    scores = scores + torch.log(mask.to(scores.dtype))\n    weights = torch.nan_to_num(torch.softmax(scores, dim=-1))",
)
mistake(
    "additive_attention",
    "naive_softmax",
    says="What is the exponential of a score in the thousands?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="    shares = torch.exp(scores) * mask\n    weights = shares / shares.sum(dim=-1, keepdim=True).clamp(min=1e-300)",
)
mistake(
    "additive_attention",
    "renormalised_afterwards",
    says="What remains to be divided by where a row is masked completely?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="    weights = torch.softmax(scores, dim=-1) * mask\n    weights = weights / weights.sum(dim=-1, keepdim=True)",
)
mistake(
    "additive_attention",
    "renormalised_with_a_floor",
    says="How small can the visible part of the sum become?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="    weights = torch.softmax(scores, dim=-1) * mask\n    weights = weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-12)",
)
mistake(
    "additive_attention",
    "tanh_missing",
    says="What is around the sum in (7.8)?",
    old="torch.tanh(queries[:, None] + keys)",
    new="(queries[:, None] + keys)",
)
mistake(
    "additive_attention",
    "tanh_on_the_score",
    says="Where does v_a stand in (7.8), inside or outside the tanh?",
    old='torch.tanh(queries[:, None] + keys) @ params["va"]',
    new='torch.tanh((queries[:, None] + keys) @ params["va"])',
)
mistake(
    "additive_attention",
    "relu",
    says="Which nonlinearity does (7.8) have?",
    old="torch.tanh(",
    new="torch.relu(",
)
mistake(
    "additive_attention",
    "query_missing",
    says="Which two vectors does (7.8) compare?",
    old="torch.tanh(queries[:, None] + keys)",
    new="torch.tanh(keys)",
)
mistake(
    "additive_attention",
    "vector_missing",
    says="How does (7.8) make one number of a vector?",
    old='@ params["va"]',
    new='@ torch.ones_like(params["va"])',
)
mistake(
    "additive_attention",
    "matrices_swapped",
    says="Which matrix of (7.8) belongs to the encoder's states?",
    old='s @ params["Wa"].T, states @ params["Ua"].T',
    new='s @ params["Ua"].T, states @ params["Wa"].T',
)
mistake(
    "additive_attention",
    "product_of_query_and_key",
    says="Is (7.8) a sum or a product?",
    old="queries[:, None] + keys",
    new="queries[:, None] * keys",
)
mistake(
    "additive_attention",
    "scaled",
    says="Is there a factor in (7.8)?",
    old='@ params["va"]\n',
    new='@ params["va"] / len(params["va"]) ** 0.5\n',
)
mistake(
    "additive_attention",
    "softmax_over_rows",
    says="Over which axis do the weights of (7.9) add up to one?",
    old="torch.softmax(scores, dim=-1)",
    new="torch.softmax(scores, dim=0)",
)
mistake(
    "additive_attention",
    "sigmoid_weights",
    says="Do the weights of (7.9) compete?",
    old="torch.softmax(scores, dim=-1)",
    new="torch.sigmoid(scores)",
)
mistake(
    "additive_attention",
    "mean_of_visible",
    says="With which weights is the mean of (7.9) taken?",
    old='("ns,nsh->nh", weights, states)',
    new='("ns,nsh->nh", mask / mask.sum(dim=1, keepdim=True).clamp(min=1).to(states.dtype), states)',
)
mistake(
    "additive_attention",
    "best_state_only",
    says="Is (7.9) a choice or a mean?",
    old='torch.einsum("ns,nsh->nh", weights, states)',
    new="states[torch.arange(len(states)), weights.argmax(dim=1)] * mask.any(dim=1, keepdim=True)",
)
mistake(
    "additive_attention",
    "weights_detached",
    says="By which two ways does the context depend on the states?",
    old='"ns,nsh->nh", weights, states',
    new='"ns,nsh->nh", weights.detach(), states',
)
mistake(
    "additive_attention",
    "states_detached",
    says="By which two ways does the context depend on the states?",
    old='"ns,nsh->nh", weights, states',
    new='"ns,nsh->nh", weights, states.detach()',
)
mistake(
    "additive_attention",
    "keys_detached",
    says="By which two ways does the context depend on the states?",
    old='states @ params["Ua"].T',
    new='states.detach() @ params["Ua"].T',
)
mistake(
    "additive_attention",
    "query_detached",
    says="Does the decoder's state learn what to ask for?",
    old='s @ params["Wa"].T',
    new='s.detach() @ params["Wa"].T',
)
mistake(
    "additive_attention",
    "returned_weights_detached",
    says="Does a loss on the weights reach the parameters?",
    old="states), weights\n",
    new="states), weights.detach()\n",
)
mistake(
    "additive_attention",
    "results_swapped",
    says="In which order does the docstring name the results?",
    old='return torch.einsum("ns,nsh->nh", weights, states), weights',
    new='return weights, torch.einsum("ns,nsh->nh", weights, states)',
)
mistake(
    "additive_attention",
    "query_of_first_row",
    says="Does every row ask for itself?",
    old="queries[:, None]",
    new="queries[:1, None]",
)
mistake(
    "additive_attention",
    "extra_axis",
    says="How many dimensions has the context?",
    old='"ns,nsh->nh", weights, states)',
    new='"ns,nsh->nh", weights, states)[:, None]',
)
mistake(
    "additive_attention",
    "prefix_mask",
    says="Is a mask always a prefix?",
    old="queries, keys =",
    new="mask = torch.arange(mask.shape[1]) < mask.sum(dim=1, keepdim=True)\n    queries, keys =",
)
mistake(
    "additive_attention",
    "states_overwritten",
    says="An argument belongs to the caller.",
    old="queries, keys =",
    new="states[~mask] = 0.0\n    queries, keys =",
)
# --- decode_with_attention ------------------------------------------------------------------------

mistake(
    "decode_with_attention",
    "starts_from_last_column",
    says="Which state of a short row is s_0?",
    old="states[torch.arange(len(last)), last - 1]",
    new="states[:, -1]",
)
mistake(
    "decode_with_attention",
    "starts_by_counting",
    says="Is a mask always a prefix?",
    old="last = torch.where(mask, rank, 0).amax(dim=1)",
    new="last = mask.sum(dim=1)",
)
mistake(
    "decode_with_attention",
    "starts_from_first_state",
    says="Which state of a row is s_0?",
    old="last = torch.where(mask, rank, 0).amax(dim=1)",
    new="last = mask.int().argmax(dim=1) + 1",
)
mistake(
    "decode_with_attention",
    "starts_from_zero",
    says="Which state of a row is s_0?",
    old="* (last > 0)[:, None]",
    new="* 0.0",
)
mistake(
    "decode_with_attention",
    "starts_one_before",
    says="Which state of a row is s_0?",
    old="last - 1]",
    new="(last - 2).clamp(min=0)]",
)
mistake(
    "decode_with_attention",
    "starts_from_mean",
    says="Which state of a row is s_0?",
    old="states[torch.arange(len(last)), last - 1] * (last > 0)[:, None]",
    new="(states * mask[..., None]).sum(dim=1) / last.clamp(min=1)[:, None]",
)
mistake(
    "decode_with_attention",
    "initial_state_detached",
    says="By which ways does the gradient reach the encoder?",
    old="* (last > 0)[:, None]",
    new="* (last > 0)[:, None]\n    s = s.detach()",
)
mistake(
    "decode_with_attention",
    "targets_read",
    says="What does the decoder read when it is to write the first target?",
    old="inputs = shift_right(targets, bos)",
    new="inputs = targets",
)
mistake(
    "decode_with_attention",
    "bos_ignored",
    says="Which argument says what the first step reads?",
    old="shift_right(targets, bos)",
    new="shift_right(targets, 0)",
)
mistake(
    "decode_with_attention",
    "context_of_initial_state",
    says="Whose state asks for the context of step t?",
    old="        context, attended = additive_attention(s, states, mask, params)",
    new="        start = s if t == 0 else start\n        context, attended = additive_attention(start, states, mask, params)",
)
mistake(
    "decode_with_attention",
    "asked_after_the_step",
    says="Is the context of step t asked for before or after the step?",
    old="        scores, s = decoder_step(inputs[:, t], s, context, params)",
    new="        _, later = decoder_step(inputs[:, t], s, context, params)\n        context, attended = additive_attention(later, states, mask, params)\n        scores, s = decoder_step(inputs[:, t], s, context, params)",
)
mistake(
    "decode_with_attention",
    "context_one_step_late",
    says="Which context does step t read?",
    old="        scores, s = decoder_step(inputs[:, t], s, context, params)",
    new="        used, kept = (context if t == 0 else kept), context\n        scores, s = decoder_step(inputs[:, t], s, used, params)",
)
mistake(
    "decode_with_attention",
    "context_is_the_state",
    says="Which vector takes the place of c in (7.3)?",
    old="s, context, params)",
    new="s, s, params)",
)
mistake(
    "decode_with_attention",
    "mask_ignored",
    says="Which positions may be looked at?",
    old="(s, states, mask, params)",
    new="(s, states, torch.ones_like(mask), params)",
)
mistake(
    "decode_with_attention",
    "mask_ignored_after_start",
    says="Which positions may be looked at at later steps?",
    old="(s, states, mask, params)",
    new="(s, states, mask if t == 0 else torch.ones_like(mask), params)",
)
mistake(
    "decode_with_attention",
    "causal",
    says="Does the source have a future?",
    old="(s, states, mask, params)",
    new="(s, states, mask & (torch.arange(mask.shape[1]) <= max(t, mask.int().argmax(dim=1).max())), params)",
)
mistake(
    "decode_with_attention",
    "state_not_handed_on",
    says="Which state does step t start from?",
    old="scores, s = decoder_step",
    new="scores, _ = decoder_step",
)
mistake(
    "decode_with_attention",
    "state_becomes_context",
    says="Which state does step t start from?",
    old="inputs[:, t], s, context",
    new="inputs[:, t], context, context",
)
mistake(
    "decode_with_attention",
    "state_detached",
    says="Through how many steps does the gradient of the last one run?",
    old="inputs[:, t], s, context",
    new="inputs[:, t], s.detach(), context",
)
mistake(
    "decode_with_attention",
    "context_detached",
    says="By which ways does the gradient reach the encoder?",
    old="s, context, params)",
    new="s, context.detach(), params)",
)
mistake(
    "decode_with_attention",
    "query_detached",
    says="By which ways does the gradient reach an earlier state of the decoder?",
    old="additive_attention(s,",
    new="additive_attention(s.detach(),",
)
mistake(
    "decode_with_attention",
    "weights_detached",
    says="Does a loss on the weights reach the parameters?",
    old="weights.append(attended)",
    new="weights.append(attended.detach())",
)
mistake(
    "decode_with_attention",
    "states_detached",
    says="By which ways does the gradient reach the encoder?",
    old="(s, states, mask, params)",
    new="(s, states.detach(), mask, params)",
)
mistake(
    "decode_with_attention",
    "weights_time_first",
    says="Which axes do the weights have?",
    old="torch.stack(weights, dim=1)",
    new="torch.stack(weights, dim=0)",
)
mistake(
    "decode_with_attention",
    "weights_transposed",
    says="Which axes do the weights have?",
    old="torch.stack(weights, dim=1)",
    new="torch.stack(weights, dim=2)",
)
mistake(
    "decode_with_attention",
    "weights_of_last_step",
    says="Which axes do the weights have?",
    old="torch.stack(weights, dim=1)",
    new="weights[-1]",
)
mistake(
    "decode_with_attention",
    "weights_lag",
    says="Which weights made the context of step t?",
    old="weights.append(attended)",
    new="weights.append(weights[-1] if t == targets.shape[1] - 1 and t > 0 else attended)",
)
mistake(
    "decode_with_attention",
    "results_swapped",
    says="In which order does the docstring name the results?",
    old="return torch.stack(logits, dim=1), torch.stack(weights, dim=1)",
    new="return torch.stack(weights, dim=1), torch.stack(logits, dim=1)",
)
mistake(
    "decode_with_attention",
    "reads_own_output",
    says="Whose token does teacher forcing feed?",
    old="decoder_step(inputs[:, t]",
    new="decoder_step(inputs[:, t] if t == 0 else logits[-1].argmax(dim=-1)",
)
mistake(
    "decode_with_attention",
    "states_overwritten",
    says="An argument belongs to the caller.",
    old="    logits, weights = [], []",
    new="    states.data[~mask] = 0.0\n    logits, weights = [], []",
)
# --- beam_search ----------------------------------------------------------------------------------

mistake(
    "beam_search",
    "width_one",
    says="How many hypotheses are kept?",
    old="candidates[:beam_width]",
    new="candidates[:1]",
)
mistake(
    "beam_search",
    "width_plus_one",
    says="How many hypotheses are kept?",
    old="candidates[:beam_width]",
    new="candidates[: beam_width + 1]",
)
mistake(
    "beam_search",
    "length_normalised",
    says="Is (7.10) a sum or a mean?",
    old="key=lambda candidate: -candidate[0]",
    new="key=lambda candidate: -candidate[0] / len(candidate[1])",
)
mistake(
    "beam_search",
    "mean_returned",
    says="Is (7.10) a sum or a mean?",
    old="torch.int64), score",
    new="torch.int64), score / len(tokens)",
)
mistake(
    "beam_search",
    "probability_returned",
    says="Is the score of (7.10) a probability or its logarithm?",
    old="torch.int64), score",
    new="torch.int64), math.exp(score)",
)
mistake(
    "beam_search",
    "last_token_only",
    says="Which terms does (7.10) add?",
    old="(score + p, ",
    new="(p, ",
)
mistake(
    "beam_search",
    "probabilities_added",
    says="What does (7.10) add?",
    old="torch.log_softmax",
    new="torch.softmax",
)
mistake(
    "beam_search",
    "logits_added",
    says="What does (7.10) add?",
    old="torch.log_softmax(logits[0], dim=-1).tolist()",
    new="logits[0].tolist()",
)
mistake(
    "beam_search",
    "naive_softmax",
    says="What is the exponential of a score in the thousands?",
    old="torch.log_softmax(logits[0], dim=-1)",
    new="torch.log(torch.exp(logits[0]) / torch.exp(logits[0]).sum())",
)
mistake(
    "beam_search",
    "finished_extended",
    says="What becomes of a hypothesis that has ended?",
    old="if tokens[-1:] == [eos]:",
    new="if False:",
)
mistake(
    "beam_search",
    "finished_lost",
    says="What becomes of a hypothesis that has ended?",
    old="                    candidates.append((score, tokens, s))\n                    continue",
    new="                    if len(kept) > 1:\n                        continue\n                    candidates.append((score, tokens, s))\n                    continue",
)
mistake(
    "beam_search",
    "finished_repeated",
    says="Does a finished hypothesis get longer?",
    old="candidates.append((score, tokens, s))",
    new="candidates.append((score, [*tokens, eos], s))",
)
mistake(
    "beam_search",
    "stops_at_first_end",
    says="When does the search end?",
    old="if all(tokens[-1] == eos",
    new="if any(tokens[-1] == eos",
)
mistake(
    "beam_search",
    "one_extension_each",
    says="How many extensions does a hypothesis have?",
    old="enumerate(log_p)]",
    new="enumerate(log_p) if p == max(log_p)]",
)
mistake(
    "beam_search",
    "two_extensions_each",
    says="Which candidates compete?",
    old="enumerate(log_p)]",
    new="enumerate(log_p) if p >= sorted(log_p)[-2]]",
)
mistake(
    "beam_search",
    "more_places_than_tokens",
    says="May the beam be wider than the vocabulary?",
    old="                log_p = torch.log_softmax(logits[0], dim=-1).tolist()\n                candidates += [(score + p, [*tokens, y], s_next) for y, p in enumerate(log_p)]",
    new="                best = torch.log_softmax(logits[0], dim=-1).topk(beam_width)\n                pairs = zip(best.indices.tolist(), best.values.tolist())\n                candidates += [(score + p, [*tokens, y], s_next) for y, p in pairs]",
)
mistake(
    "beam_search",
    "worst_first",
    says="Which candidates are kept?",
    old="-candidate[0])",
    new="candidate[0])",
)
mistake(
    "beam_search",
    "worst_returned",
    says="Which of the kept hypotheses is returned?",
    old="= kept[0]",
    new="= kept[-1]",
)
mistake(
    "beam_search",
    "finished_preferred",
    says="Which of the kept hypotheses is returned where one has not ended?",
    old="    score, tokens, _ = kept[0]",
    new="    ended = [one for one in kept if one[1][-1] == eos]\n    score, tokens, _ = (ended or kept)[0]",
)
mistake(
    "beam_search",
    "longest_returned",
    says="Which of the kept hypotheses is returned?",
    old="    score, tokens, _ = kept[0]",
    new="    score, tokens, _ = max(kept, key=lambda one: len(one[1]))",
)
mistake(
    "beam_search",
    "bos_included",
    says="Is bos a part of the result?",
    old="torch.tensor(tokens, dtype",
    new="torch.tensor([bos, *tokens], dtype",
)
mistake(
    "beam_search",
    "eos_dropped",
    says="Is the eos a part of the result?",
    old="torch.tensor(tokens, dtype",
    new="torch.tensor([y for y in tokens if y != eos], dtype",
)
mistake(
    "beam_search",
    "filled_up",
    says="How long is the result?",
    old="torch.tensor(tokens, dtype",
    new="torch.tensor(tokens + [eos] * (max_length - len(tokens)), dtype",
)
mistake(
    "beam_search",
    "row_of_a_batch",
    says="How many dimensions has the result?",
    old="torch.tensor(tokens, dtype",
    new="torch.tensor([tokens], dtype",
)
mistake(
    "beam_search",
    "one_token_too_many",
    says="How long is the longest hypothesis?",
    old="range(max_length)",
    new="range(max_length + 1)",
)
mistake(
    "beam_search",
    "one_token_too_few",
    says="How long is the longest hypothesis?",
    old="range(max_length)",
    new="range(max(1, max_length - 1))",
)
mistake(
    "beam_search",
    "state_not_handed_on",
    says="Which state goes with a hypothesis?",
    old="[*tokens, y], s_next)",
    new="[*tokens, y], s)",
)
mistake(
    "beam_search",
    "state_of_last_hypothesis",
    says="Which state goes with a hypothesis?",
    old="            candidates.sort(",
    new="            candidates = [(p, tokens, s_next) for p, tokens, _ in candidates]\n            candidates.sort(",
)
mistake(
    "beam_search",
    "starts_from_zero",
    says="What is s_0 in (7.3)?",
    old="(0.0, [], context)",
    new="(0.0, [], torch.zeros_like(context))",
)
mistake(
    "beam_search",
    "state_for_context",
    says="Which vector does (7.3) read again at every step?",
    old="y_prev, s, context, params",
    new="y_prev, s, s, params",
)
mistake(
    "beam_search",
    "always_reads_bos",
    says="What does the second step read?",
    old="tokens[-1] if tokens else bos",
    new="bos",
)
mistake(
    "beam_search",
    "reads_first_token",
    says="What does the third step read?",
    old="tokens[-1] if tokens else bos",
    new="tokens[0] if tokens else bos",
)
mistake(
    "beam_search",
    "bos_is_zero",
    says="Which argument says what the first step reads?",
    old="if tokens else bos",
    new="if tokens else 0",
)
mistake(
    "beam_search",
    "eos_is_one",
    says="Which argument says what ends a hypothesis?",
    old="    kept = [",
    new="    eos = 1\n    kept = [",
)
mistake(
    "beam_search",
    "plain_list",
    says="Of which type is the result?",
    old="torch.tensor(tokens, dtype=torch.int64)",
    new="tokens",
)
mistake(
    "beam_search",
    "short_ids",
    says="Which dtype does the docstring name?",
    old="dtype=torch.int64",
    new="dtype=torch.int32",
)
mistake(
    "beam_search",
    "score_without_end",
    says="Does the probability of eos belong to (7.10)?",
    old="(score + p, [*tokens, y], s_next)",
    new="(score + (0.0 if y == eos else p), [*tokens, y], s_next)",
)
mistake(
    "beam_search",
    "end_forbidden",
    says="May a hypothesis end before max_length?",
    old="enumerate(log_p)]",
    new="enumerate(log_p) if y != eos]",
)
mistake(
    "beam_search",
    "greedy_first_step",
    says="How many first tokens are kept?",
    old="kept = candidates[:beam_width]",
    new="kept = candidates[: beam_width if kept[0][1] else 1]",
)
mistake(
    "beam_search",
    "finished_set_aside",
    says="Does a hypothesis that has ended keep its place in the beam?",
    code="""
def beam_search(context, params, bos, eos, beam_width, max_length):
    unfinished, finished = [(0.0, [], context)], []
    for _ in range(max_length):
        candidates = []
        for score, tokens, s in unfinished:
            y_prev = torch.tensor([tokens[-1] if tokens else bos])
            logits, s_next = decoder_step(y_prev, s, context, params)
            log_p = torch.log_softmax(logits[0], dim=-1).tolist()
            candidates += [(score + p, [*tokens, y], s_next) for y, p in enumerate(log_p)]
        candidates.sort(key=lambda candidate: -candidate[0])
        finished += [one for one in candidates[:beam_width] if one[1][-1] == eos]
        unfinished = [one for one in candidates if one[1][-1] != eos][:beam_width]
    score, tokens, _ = max(finished + unfinished, key=lambda one: one[0])
    return torch.tensor(tokens, dtype=torch.int64), score
""",
)
mistake(
    "beam_search",
    "greedy",
    says="How many prefixes does a beam keep?",
    code="""
def beam_search(context, params, bos, eos, beam_width, max_length):
    y, s, tokens, score = bos, context, [], 0.0
    for _ in range(max_length):
        logits, s = decoder_step(torch.tensor([y]), s, context, params)
        log_p = torch.log_softmax(logits[0], dim=-1)
        y = int(log_p.argmax())
        score += float(log_p[y])
        tokens.append(y)
        if y == eos:
            break
    return torch.tensor(tokens, dtype=torch.int64), score
""",
)

# --- what only unusual inputs show ----------------------------------------------------------------

CUT = "How far back does the gradient go? Try more steps."
WIDTH = "Which width have the numbers of params? Everything that you make yourself has to fit."

mistake(
    "encode",
    "truncated_after_ten_steps",
    says=CUT,
    old="        h = torch.where(valid[:, t, None], step, h)",
    new="        h = torch.where(valid[:, t, None], step, h.detach() if t == S - 10 else h)\n"
    "        h = h.detach() if t == S - 11 else h",
)
mistake(
    "encode",
    "detached_every_eight_steps",
    says=CUT,
    old="        states.append(torch.where(valid[:, t, None], step, 0.0))",
    new="        states.append(torch.where(valid[:, t, None], step, 0.0))\n        h = h if (t + 1) % 8 else h.detach()",
)
mistake(
    "encode",
    "double_precision_start",
    says=WIDTH,
    old='x.new_zeros(x.shape[0], params["bh"].shape[0])',
    new='torch.zeros(x.shape[0], params["bh"].shape[0], dtype=torch.float64)',
)
mistake(
    "encode",
    "token_zero_is_padding",
    says="What says how many steps of a row are valid?",
    old="torch.arange(S) < lengths[:, None]",
    new="(torch.arange(S) < lengths[:, None]) & (tokens != 0)",
)
mistake(
    "encode",
    "transposed_where_it_fits",
    says="Which shape has Wxh, always?",
    old='x[:, t] @ params["Wxh"].T',
    new='x[:, t] @ (params["Wxh"] if params["Wxh"].shape[0] == x.shape[2] else params["Wxh"].T)',
)
mistake(
    "encode",
    "parameters_taken_from_training",
    says="Compare what requires a gradient before and after the call.",
    old="    S = tokens.shape[1]",
    new='    params["bh"].requires_grad_()\n    S = tokens.shape[1]',
)
mistake(
    "decoder_step",
    "transposed_where_it_fits",
    says="Which shape has Wy, always?",
    old='params["Wy"].T',
    new='(params["Wy"] if params["Wy"].shape[0] == params["Wy"].shape[1] else params["Wy"].T)',
)
mistake(
    "decoder_step",
    "output_transposed_where_it_fits",
    says="Which shape has Wo, always?",
    old='s @ params["Wo"].T',
    new='s @ (params["Wo"] if params["Wo"].shape[0] == s.shape[1] else params["Wo"].T)',
)
mistake(
    "decoder_step",
    "embedding_in_double",
    says=WIDTH,
    old='params["E_tgt"][y_prev] @',
    new='params["E_tgt"].double()[y_prev] @',
)
mistake(
    "decoder_step",
    "one_hot_in_double",
    says=WIDTH,
    old='params["E_tgt"][y_prev] @',
    new='(y_prev[:, None] == torch.arange(len(params["E_tgt"]))).double() @ params["E_tgt"] @',
)
mistake(
    "decoder_step",
    "token_zero_reads_nothing",
    says="Token 0 has an embedding like any other.",
    old='params["E_tgt"][y_prev] @',
    new='(params["E_tgt"][y_prev] * (y_prev != 0)[:, None]) @',
)
mistake(
    "decode_teacher_forced",
    "truncated_after_ten_steps",
    says=CUT,
    old="        logits.append(scores)",
    new="        logits.append(scores)\n        s = s.detach() if t == inputs.shape[1] - 11 else s",
)
mistake(
    "decode_teacher_forced",
    "detached_every_eight_steps",
    says=CUT,
    old="        logits.append(scores)",
    new="        logits.append(scores)\n        s = s if (t + 1) % 8 else s.detach()",
)
mistake(
    "decode_teacher_forced",
    "double_precision_scores",
    says=WIDTH,
    old="        scores, s = decoder_step(inputs[:, t], s, context, params)",
    new="        scores, s = decoder_step(inputs[:, t], s.double(), context, params)",
)
mistake(
    "decode_greedy",
    "eos_of_zero_never_ends",
    says="Which number may eos have? Try 0.",
    old="(y == eos)",
    new="(y == (eos or -1))",
)
mistake(
    "decode_greedy",
    "bos_of_zero_is_replaced",
    says="Which number may bos have? Try 0.",
    old="(context.shape[0],), bos,",
    new="(context.shape[0],), bos or 1,",
)
mistake(
    "decode_greedy",
    "training_switched_off",
    says="Compare what requires a gradient before and after the call.",
    old="    s, tokens = context, []",
    new="    for p in params.values():\n        p.requires_grad_(False)\n    s, tokens = context, []",
)
mistake(
    "decode_greedy",
    "double_precision_state",
    says=WIDTH,
    old="    s, tokens = context, []",
    new="    s, tokens = context.to(torch.float64), []",
)
mistake(
    "decode_scheduled",
    "truncated_after_ten_steps",
    says=CUT,
    old="        logits.append(scores)",
    new="        logits.append(scores)\n        s = s.detach() if t == targets.shape[1] - 11 else s",
)
mistake(
    "decode_scheduled",
    "detached_every_ten_steps",
    says=CUT,
    old="        logits.append(scores)",
    new="        logits.append(scores)\n        s = s if (t + 1) % 10 else s.detach()",
)
mistake(
    "decode_scheduled",
    "double_precision_state",
    says=WIDTH,
    old="    s, logits = context, []",
    new="    s, logits = context.double(), []",
)
mistake(
    "decode_with_attention",
    "truncated_after_ten_steps",
    says=CUT,
    old="        logits.append(scores)",
    new="        logits.append(scores)\n        s = s.detach() if t == inputs.shape[1] - 11 else s",
)
mistake(
    "decode_with_attention",
    "detached_every_eight_steps",
    says=CUT,
    old="        logits.append(scores)",
    new="        logits.append(scores)\n        s = s if (t + 1) % 8 else s.detach()",
)
mistake(
    "decode_with_attention",
    "double_precision_start",
    says=WIDTH,
    old="(last > 0)[:, None]",
    new="(last > 0)[:, None].double()",
)
mistake(
    "decode_with_attention",
    "starts_at_the_count_of_the_mask",
    says="The initial state is the one at the last True of the mask. Is that the number of Trues?",
    old="last = torch.where(mask, rank, 0).amax(dim=1)",
    new="last = mask.sum(dim=1) + 0 * rank[0]",
)
mistake(
    "sequence_cross_entropy",
    "width_lost",
    says=WIDTH,
    old="torch.log_softmax(logits[valid], dim=-1)",
    new="torch.log_softmax(logits[valid], dim=-1) @ torch.eye(logits.shape[-1], dtype=torch.float64)",
)
mistake(
    "sequence_cross_entropy",
    "target_zero_is_padding",
    says="Which number marks padding?",
    old="valid = targets != pad",
    new="valid = (targets != pad) & (targets != 0)",
)
mistake(
    "sequence_cross_entropy",
    "pad_of_zero_is_none",
    says="Which number may pad be? Try 0.",
    old="valid = targets != pad",
    new="valid = targets != (pad or -1)",
)
mistake(
    "additive_attention",
    "masked_with_minus_ten_thousand",
    says="How low can a visible score be? A masked position has to stay out of the sum.",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)\n    weights = torch.softmax(scores, dim=-1) * mask",
    new="    scores = scores + (~mask) * -1e4\n    weights = torch.softmax(scores, dim=-1) * mask.any(dim=1, keepdim=True)",
)
mistake(
    "additive_attention",
    "score_of_zero_is_masked",
    says="Can a visible state have a score of exactly 0?",
    old="    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)",
    new="    scores = scores * mask\n    mask = scores != 0\n    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)",
)
mistake(
    "additive_attention",
    "state_of_zeros_is_masked",
    says="What says which states may be looked at?",
    old="    scores = torch.tanh(",
    new="    mask = mask & (states != 0).any(dim=-1)\n    scores = torch.tanh(",
)
mistake(
    "additive_attention",
    "only_trailing_padding",
    says="Where in a row can the mask be False?",
    old="    scores = scores.masked_fill(",
    new="    mask = torch.arange(mask.shape[1]) < mask.sum(dim=1, keepdim=True)\n    scores = scores.masked_fill(",
)
mistake(
    "additive_attention",
    "mask_in_double",
    says=WIDTH,
    old="dim=-1) * mask",
    new="dim=-1) * mask.double()",
)
mistake(
    "beam_search",
    "parent_found_by_its_token",
    says="Two hypotheses may end with the same token. Which state belongs to which?",
    old="            for score, tokens, s in kept:",
    new="            by_token = {tuple(tokens[-1:]): s for _, tokens, s in reversed(kept)}\n"
    "            for score, tokens, s in kept:\n                s = by_token[tuple(tokens[-1:])]",
)
mistake(
    "beam_search",
    "parent_found_by_its_score",
    says="Two hypotheses may have the same score. Which one is the parent?",
    old="            kept = candidates[:beam_width]",
    new="            unique = {}\n            for candidate in candidates:\n                unique.setdefault(candidate[0], candidate)\n"
    "            kept = list(unique.values())[:beam_width]",
)
mistake(
    "beam_search",
    "tensors_compared_on_ties",
    says="What does your sort compare where two scores are equal?",
    old="candidates.sort(key=lambda candidate: -candidate[0])",
    new="candidates.sort(key=lambda candidate: (-candidate[0], candidate[2]))",
)
mistake(
    "beam_search",
    "eos_of_zero_never_ends",
    says="Which number may eos have? Try 0.",
    old="                if tokens[-1:] == [eos]:",
    new="                if eos and tokens[-1:] == [eos]:",
)
mistake(
    "beam_search",
    "double_precision_state",
    says=WIDTH,
    old="kept = [(0.0, [], context)]",
    new="kept = [(0.0, [], context.double())]",
)
mistake(
    "beam_search",
    "training_switched_off",
    says="Compare what requires a gradient before and after the call.",
    old="    with torch.no_grad():",
    new="    for p in params.values():\n        p.requires_grad_(False)\n    with torch.no_grad():",
)
mistake(
    "scheduled_sampling_rate",
    "large_exponent_is_one",
    says="What is the rate after very many steps?",
    old='    if schedule == "inverse_sigmoid":',
    new='    if schedule == "inverse_sigmoid" and step / k > 700:\n        return 1.0\n    if schedule == "inverse_sigmoid":',
)
