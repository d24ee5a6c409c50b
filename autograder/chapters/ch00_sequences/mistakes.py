"""Catalogued mistakes of Chapter 0."""

from __future__ import annotations

from autograder.course.catalogue import mistake

# --- build_vocabulary -----------------------------------------------------------------------------

mistake(
    "build_vocabulary",
    "starts_at_zero",
    says="Which number belongs to padding, and who else has it? Read the Returns of the docstring.",
    old="start=1",
    new="start=0",
)
mistake(
    "build_vocabulary",
    "starts_at_two",
    says="Which number does the first character get? Read the Returns of the docstring.",
    old="start=1",
    new="start=2",
)
mistake(
    "build_vocabulary",
    "padding_missing",
    says="Exercise 0.1 reserves an entry that is no character.",
    old='{"<pad>": 0}',
    new="{}",
)
mistake(
    "build_vocabulary",
    "padding_last",
    says="Which number has padding, and which has the first character? See Exercise 0.1.",
    old="    return vocabulary\n",
    new='    vocabulary["<pad>"] = len(vocabulary) - 1\n    return vocabulary\n',
)
mistake(
    "build_vocabulary",
    "order_of_appearance",
    says="In which order does Exercise 0.1 number the characters?",
    old="sorted(set().union(*texts))",
    new='list(dict.fromkeys("".join(texts)))',
)
mistake(
    "build_vocabulary",
    "order_of_frequency",
    says="In which order does Exercise 0.1 number the characters?",
    old="sorted(set().union(*texts))",
    new='sorted(set().union(*texts), key=lambda c: (-"".join(texts).count(c), c))',
)
mistake(
    "build_vocabulary",
    "order_ignores_case",
    says="Where do capitals stand in the order of code points?",
    old="sorted(set().union(*texts))",
    new="sorted(set().union(*texts), key=lambda c: (c.lower(), c))",
)
mistake(
    "build_vocabulary",
    "descending",
    says="Does the order of Exercise 0.1 rise or fall?",
    old="sorted(set().union(*texts))",
    new="sorted(set().union(*texts), reverse=True)",
)
mistake(
    "build_vocabulary",
    "lower_cased",
    says="Are a capital and a small letter the same character? See Exercise 0.1.",
    old="sorted(set().union(*texts))",
    new="sorted(set().union(*(text.lower() for text in texts)))",
)
mistake(
    "build_vocabulary",
    "words_instead_of_characters",
    says="What is a symbol in Exercise 0.1?",
    old="sorted(set().union(*texts))",
    new="sorted(set().union(*(text.split() for text in texts)))",
)
mistake(
    "build_vocabulary",
    "blanks_stripped",
    says="Which characters count, and do those at the ends of a text?",
    old="sorted(set().union(*texts))",
    new="sorted(set().union(*(text.strip() for text in texts)))",
)
mistake(
    "build_vocabulary",
    "letters_and_digits_only",
    says="Which characters count according to Exercise 0.1?",
    old="sorted(set().union(*texts))",
    new="sorted(c for c in set().union(*texts) if c.isalnum())",
)
mistake(
    "build_vocabulary",
    "characters_normalised",
    says="Two characters that look alike may differ in their code points.",
    code="""
def build_vocabulary(texts):
    import unicodedata

    characters = sorted(set(unicodedata.normalize("NFC", "".join(texts))))
    return {"<pad>": 0, **{c: k for k, c in enumerate(characters, start=1)}}
""",
)
mistake(
    "build_vocabulary",
    "code_points_as_tokens",
    says="The numbers of Exercise 0.1 follow one another without gaps.",
    old="vocabulary[character] = token",
    new="vocabulary[character] = ord(character)",
)
mistake(
    "build_vocabulary",
    "first_text_only",
    says="Whose characters does the vocabulary hold?",
    old="set().union(*texts)",
    new="set(texts[0])",
)
mistake(
    "build_vocabulary",
    "bytes_of_the_texts",
    says="A character is not a byte once a text leaves ASCII.",
    old="sorted(set().union(*texts))",
    new='[chr(b) for b in sorted(set("".join(texts).encode()))]',
)
mistake(
    "build_vocabulary",
    "grows_between_calls",
    says="What is left of an earlier call? A vocabulary belongs to its texts.",
    code="""
def build_vocabulary(texts, seen=set()):
    seen.update("".join(texts))
    return {"<pad>": 0, **{c: k for k, c in enumerate(sorted(seen), start=1)}}
""",
)
mistake(
    "build_vocabulary",
    "repeats_not_removed",
    says="How often is a character counted that occurs twice? See Exercise 0.1.",
    old="sorted(set().union(*texts))",
    new='sorted("".join(texts))',
)
mistake(
    "build_vocabulary",
    "sorts_the_texts",
    says="The texts belong to the caller and stay as they are.",
    old="    characters = sorted(",
    new="    texts.sort()\n    characters = sorted(",
)

# --- encode ---------------------------------------------------------------------------------------

mistake(
    "encode",
    "unknown_becomes_padding",
    says="What does Exercise 0.2 say about a character that is not in the vocabulary?",
    old="vocabulary[character] for character in text",
    new="vocabulary.get(character, 0) for character in text",
)
mistake(
    "encode",
    "unknown_left_out",
    says="What does Exercise 0.2 say about a character that is not in the vocabulary?",
    old="for character in text]",
    new="for character in text if character in vocabulary]",
)
mistake(
    "encode",
    "value_error",
    says="Which kind of error does the docstring name?",
    code="""
def encode(text, vocabulary):
    for character in text:
        if character not in vocabulary:
            raise ValueError(f"no token for {character}")
    return np.array([vocabulary[character] for character in text], dtype=np.int64)
""",
)
mistake(
    "encode",
    "last_unknown_reported",
    says="Which of several unknown characters does the error name?",
    code="""
def encode(text, vocabulary):
    unknown = [character for character in text if character not in vocabulary]
    if unknown:
        raise KeyError(unknown[-1])
    return np.array([vocabulary[character] for character in text], dtype=np.int64)
""",
)
mistake(
    "encode",
    "error_without_character",
    says="What should the first argument of the error contain?",
    code="""
def encode(text, vocabulary):
    if not set(text) <= set(vocabulary):
        raise KeyError("unknown character")
    return np.array([vocabulary[character] for character in text], dtype=np.int64)
""",
)
mistake(
    "encode",
    "lower_cased",
    says="Are a capital and a small letter the same character?",
    old="for character in text]",
    new="for character in text.lower()]",
)
mistake(
    "encode",
    "blanks_stripped",
    says="How many tokens has a text that begins or ends with a blank?",
    old="for character in text]",
    new="for character in text.strip()]",
)
mistake(
    "encode",
    "dtype_by_default",
    says="Look at the dtype of the tokens of an empty text.",
    old=", dtype=np.int64",
    new="",
)
mistake(
    "encode",
    "floats",
    says="Of which dtype are tokens? Read the docstring.",
    old="np.int64",
    new="np.float64",
)
mistake(
    "encode",
    "int32",
    says="Of which dtype exactly are tokens? Read the docstring.",
    old="np.int64",
    new="np.int32",
)
mistake(
    "encode",
    "bytes",
    says="Which values can the dtype hold in between, and how large may a vocabulary be?",
    old="for character in text], dtype=np.int64)",
    new="for character in text]).astype(np.uint8).astype(np.int64)",
)
mistake(
    "encode",
    "list_returned",
    says="Of which type is the result? Read the docstring.",
    old="np.array([vocabulary[character] for character in text], dtype=np.int64)",
    new="[vocabulary[character] for character in text]",
)
mistake(
    "encode",
    "rank_instead_of_token",
    says="Where do the numbers come from: the vocabulary's values or its order?",
    old="np.array([vocabulary[character] for character in text], dtype=np.int64)",
    new="np.array([list(vocabulary).index(c) if c in vocabulary else vocabulary[c] for c in text], "
    "dtype=np.int64)",
)
mistake(
    "encode",
    "vocabulary_extended",
    says="What happens to the vocabulary when a character is not in it?",
    old="vocabulary[character] for character in text",
    new="vocabulary.setdefault(character, len(vocabulary)) for character in text",
)
mistake(
    "encode",
    "distinct_characters",
    says="A text has as many tokens as characters, repeated ones included.",
    old="for character in text]",
    new="for character in dict.fromkeys(text)]",
)
mistake(
    "encode",
    "column",
    says="Of which shape is the result? Read the docstring.",
    old="dtype=np.int64)",
    new="dtype=np.int64)[:, None]",
)
mistake(
    "encode",
    "end_appended",
    says="How many tokens has a text of T characters?",
    old="for character in text]",
    new="for character in text] + [0]",
)
mistake(
    "encode",
    "first_vocabulary_remembered",
    says="Two calls may come with two vocabularies.",
    code="""
def encode(text, vocabulary, memo={}):
    for character in text:
        if character not in memo:
            memo[character] = vocabulary[character]
    return np.array([memo[character] for character in text], dtype=np.int64)
""",
)

# --- one_hot --------------------------------------------------------------------------------------

mistake(
    "one_hot",
    "no_check",
    says="Which tokens are an error? Try one below zero.",
    code="""
def one_hot(tokens, V):
    return np.eye(V)[tokens]
""",
)
mistake(
    "one_hot",
    "negative_accepted",
    says="What does a token below zero select?",
    old="np.any(tokens < 0) or ",
    new="",
)
mistake(
    "one_hot",
    "too_large_accepted",
    says="What becomes of a token for which there is no position in (0.4)?",
    old=" or np.any(tokens >= V)",
    new="",
)
mistake(
    "one_hot",
    "V_accepted",
    says="Which is the largest token in (0.4)?",
    old="tokens >= V",
    new="tokens > V",
)
mistake(
    "one_hot",
    "zero_refused",
    says="Which is the smallest token in (0.4)?",
    old="tokens < 0",
    new="tokens <= 0",
)
mistake(
    "one_hot",
    "last_token_refused",
    says="Which is the largest token in (0.4)?",
    old="tokens >= V",
    new="tokens >= V - 1",
)
mistake(
    "one_hot",
    "every_token_has_to_be_wrong",
    says="How many wrong tokens are an error?",
    old="np.any(tokens < 0) or np.any(tokens >= V)",
    new="np.all(tokens < 0) or np.all(tokens >= V)",
)
mistake(
    "one_hot",
    "index_error",
    says="Which kind of error does the docstring name?",
    old="raise ValueError",
    new="raise IndexError",
)
mistake(
    "one_hot",
    "argument_not_named",
    says="Which argument does the message of the error have to name?",
    old="tokens must lie",
    new="values must lie",
)
mistake(
    "one_hot",
    "new_axis_first",
    says="Where does the new axis stand? See the shape in the docstring.",
    old="(np.expand_dims(tokens, -1) == np.arange(V)).astype(np.float64)",
    new="np.moveaxis((np.expand_dims(tokens, -1) == np.arange(V)).astype(np.float64), -1, 0)",
)
mistake(
    "one_hot",
    "integers",
    says="Of which dtype is the result? Read the docstring.",
    old="np.float64)",
    new="np.int64)",
)
mistake(
    "one_hot",
    "single_precision",
    says="Of which dtype exactly is the result? Read the docstring.",
    old="np.float64)",
    new="np.float32)",
)
mistake(
    "one_hot",
    "bool",
    says="Of which dtype is the result? Read the docstring.",
    old=".astype(np.float64)",
    new="",
)
mistake(
    "one_hot",
    "flattened",
    says="Which shape does a batch of tokens give? See the docstring.",
    old="np.expand_dims(tokens, -1)",
    new="np.reshape(tokens, (-1, 1))",
)
mistake(
    "one_hot",
    "one_text_only",
    says="Try an array of tokens with two axes.",
    old="    return (np.expand_dims(tokens, -1) == np.arange(V)).astype(np.float64)",
    new="    vectors = np.zeros(tokens.shape + (V,))\n"
    "    vectors[np.arange(len(tokens)), tokens] = 1.0\n"
    "    return vectors",
)
mistake(
    "one_hot",
    "position_one_off",
    says="At which position is the one of token 0 in (0.4)?",
    old="== np.arange(V)",
    new="== np.arange(V) + 1",
)
mistake(
    "one_hot",
    "size_from_the_data",
    says="Who says how large the vocabulary is?",
    old="== np.arange(V)",
    new="== np.arange(tokens.max() + 1)",
)
mistake(
    "one_hot",
    "padding_left_out",
    says="Is token 0 a token like any other in (0.4)?",
    old="np.expand_dims(tokens, -1) == np.arange(V)",
    new="(np.expand_dims(tokens, -1) == np.arange(V)) & (np.expand_dims(tokens, -1) > 0)",
)
mistake(
    "one_hot",
    "squeezed",
    says="Which shape does a single token give? See the docstring.",
    old=".astype(np.float64)",
    new=".astype(np.float64).squeeze()",
)
mistake(
    "one_hot",
    "shared_buffer",
    says="What is left in the result of an earlier call?",
    code="""
def one_hot(tokens, V, buffers={}):
    if np.any(tokens < 0) or np.any(tokens >= V):
        raise ValueError("tokens out of range")
    vectors = buffers.setdefault((tokens.shape, V), np.zeros(tokens.shape + (V,)))
    np.put_along_axis(vectors, tokens[..., None], 1.0, axis=-1)
    return vectors
""",
)
mistake(
    "one_hot",
    "tokens_shifted_in_place",
    says="The tokens belong to the caller and stay as they are.",
    old="    return (",
    new="    tokens += 1\n    tokens = tokens - 1\n    return (",
)

# --- pad_sequences --------------------------------------------------------------------------------

mistake(
    "pad_sequences",
    "padded_in_front",
    says="Where in its row does a sequence begin? See Exercise 0.4.",
    old="row[:length] = sequence[:length]",
    new="row[L - length :] = sequence[:length]",
)
mistake(
    "pad_sequences",
    "last_steps_kept",
    says="Which steps of a sequence that is too long are kept?",
    old="= sequence[:length]",
    new="= sequence[len(sequence) - length :]",
)
mistake(
    "pad_sequences",
    "lengths_before_truncation",
    says="Which lengths does the docstring ask for where a sequence was cut?",
    old="return padded, lengths",
    new="return padded, np.array([len(s) for s in sequences], dtype=np.int64)",
)
mistake(
    "pad_sequences",
    "never_wider_than_longest",
    says="How long are the rows when `max_length` is above the longest sequence?",
    old="if max_length is None else max_length",
    new="if max_length is None else min(max_length, max(len(s) for s in sequences))",
)
mistake(
    "pad_sequences",
    "never_cut",
    says="How long are the rows when `max_length` is below the longest sequence?",
    old="if max_length is None else max_length",
    new="if max_length is None else max(max_length, max(len(s) for s in sequences))",
)
mistake(
    "pad_sequences",
    "max_length_ignored",
    says="What is `max_length` for? See Exercise 0.4.",
    old="if max_length is None else max_length",
    new="",
)
mistake(
    "pad_sequences",
    "zero_as_not_given",
    says="Which values of `max_length` mean that it was not given?",
    old="if max_length is None else max_length",
    new="if not max_length else max_length",
)
mistake(
    "pad_sequences",
    "pad_value_ignored",
    says="Which number fills the rest of a row?",
    old="np.full(shape, pad_value, dtype",
    new="np.zeros(shape, dtype",
)
mistake(
    "pad_sequences",
    "double_precision_always",
    says="To which dtype does numpy promote the sequences?",
    old="dtype=np.result_type(*sequences)",
    new="dtype=np.float64",
)
mistake(
    "pad_sequences",
    "dtype_of_the_first",
    says="Which sequences decide the dtype of the result?",
    old="dtype=np.result_type(*sequences)",
    new="dtype=sequences[0].dtype",
)
mistake(
    "pad_sequences",
    "dtype_of_the_padding_too",
    says="Does the padding value take part in deciding the dtype?",
    old="np.result_type(*sequences)",
    new="np.result_type(*sequences, float(pad_value))",
)
mistake(
    "pad_sequences",
    "integers_through_floats",
    says="Is every integer that goes in the integer that comes out? Try large ones.",
    old="= sequence[:length]",
    new="= sequence[:length].astype(np.float64)",
)
mistake(
    "pad_sequences",
    "lengths_int32",
    says="Of which dtype are the lengths? Read the docstring.",
    old="dtype=np.int64",
    new="dtype=np.int32",
)
mistake(
    "pad_sequences",
    "lengths_as_list",
    says="Of which type are the lengths? Read the docstring.",
    old="return padded, lengths",
    new="return padded, lengths.tolist()",
)
mistake(
    "pad_sequences",
    "lengths_missing",
    says="How many results are there? Read the docstring.",
    old="return padded, lengths",
    new="return padded",
)
mistake(
    "pad_sequences",
    "lengths_of_the_rows",
    says="Do the lengths count padding?",
    old="return padded, lengths",
    new="return padded, np.full(len(sequences), L, dtype=np.int64)",
)
mistake(
    "pad_sequences",
    "lengths_by_value",
    says="Can a step have the value of the padding? Count steps, not values.",
    old="return padded, lengths",
    new="valid = padded != padded.dtype.type(pad_value)\n"
    "    valid = valid if padded.ndim == 2 else valid.any(axis=2)\n"
    "    return padded, valid.sum(axis=1).astype(np.int64)",
)
mistake(
    "pad_sequences",
    "numbers_only",
    says="Try sequences of vectors.",
    old=", *sequences[0].shape[1:])",
    new=")",
)
mistake(
    "pad_sequences",
    "vectors_only",
    says="Try sequences of numbers.",
    old=", *sequences[0].shape[1:])",
    new=", sequences[0].shape[1])",
)
mistake(
    "pad_sequences",
    "extra_axis_for_numbers",
    says="Which shape do sequences of numbers give? See the docstring.",
    old="return padded, lengths",
    new="return padded[..., np.newaxis] if padded.ndim == 2 else padded, lengths",
)
mistake(
    "pad_sequences",
    "time_first",
    says="Which axis of the result is the batch? See the docstring.",
    old="return padded, lengths",
    new="return padded.swapaxes(0, 1), lengths",
)
mistake(
    "pad_sequences",
    "sorted_by_length",
    says="In which order are the rows? The caller does not know of another one.",
    old="    L = max(len(",
    new="    sequences = sorted(sequences, key=len, reverse=True)\n    L = max(len(",
)
mistake(
    "pad_sequences",
    "sorted_in_place",
    says="The list belongs to the caller; so does its order.",
    old="    L = max(len(",
    new="    sequences.sort(key=len, reverse=True)\n    L = max(len(",
)
mistake(
    "pad_sequences",
    "cut_in_place",
    says="The list belongs to the caller and stays as it is.",
    old="    return padded, lengths",
    new="    for n, length in enumerate(lengths):\n"
    "        sequences[n] = sequences[n][:length]\n"
    "    return padded, lengths",
)
mistake(
    "pad_sequences",
    "empty_ones_dropped",
    says="How many rows are there when a sequence has no step?",
    old="    L = max(len(",
    new="    sequences = [s for s in sequences if len(s)] or sequences\n    L = max(len(",
)
mistake(
    "pad_sequences",
    "length_at_least_one",
    says="What is the length of a sequence without a step?",
    old="min(len(sequence), L)",
    new="max(min(len(sequence), L), 1)",
)
mistake(
    "pad_sequences",
    "rows_at_least_one_step",
    says="How long are the rows when no sequence has a step?",
    old="max(len(sequence) for sequence in sequences) if",
    new="max(1, max(len(sequence) for sequence in sequences)) if",
)
mistake(
    "pad_sequences",
    "no_sequence_accepted",
    says="What does the docstring say about an empty list?",
    old='raise ValueError("sequences must hold at least one sequence")',
    new="return np.zeros((0, 0)), np.zeros(0, dtype=np.int64)",
)
mistake(
    "pad_sequences",
    "no_sequence_not_named",
    says="Which argument does the message of the error have to name?",
    old="sequences must hold at least one sequence",
    new="the list is empty",
)
mistake(
    "pad_sequences",
    "no_sequence_checked_late",
    says="Is an empty list an error when `max_length` is given, too?",
    old="if len(sequences) == 0:",
    new="if len(sequences) == 0 and max_length is None:",
)
mistake(
    "pad_sequences",
    "last_step_lost",
    says="Is the last step of every sequence there?",
    old="row[:length] = sequence[:length]",
    new="row[: length - 1] = sequence[: length - 1]",
)
mistake(
    "pad_sequences",
    "last_value_repeated",
    says="What stands behind the last step? See Exercise 0.4.",
    old="    return padded, lengths",
    new="    for row, length in zip(padded, lengths, strict=True):\n"
    "        if length:\n"
    "            row[length:] = row[length - 1]\n"
    "    return padded, lengths",
)
mistake(
    "pad_sequences",
    "length_of_the_first",
    says="Which sequence decides how long the rows are?",
    old="max(len(sequence) for sequence in sequences) if",
    new="len(sequences[0]) if",
)

# --- sequence_mask --------------------------------------------------------------------------------

mistake(
    "sequence_mask",
    "one_step_too_many",
    says="The first column is step 1 of (0.5): which column is step T_n?",
    old="np.arange(max_length) <",
    new="np.arange(max_length) <=",
)
mistake(
    "sequence_mask",
    "one_step_too_few",
    says="The first column is step 1 of (0.5): which column is step T_n?",
    old="np.arange(max_length) <",
    new="np.arange(1, max_length + 1) <",
)
mistake(
    "sequence_mask",
    "inverted",
    says="Is the mask of (0.5) true on data or on padding?",
    old="np.arange(max_length) <",
    new="np.arange(max_length) >=",
)
mistake(
    "sequence_mask",
    "transposed",
    says="Which axis is the batch? See the docstring.",
    old="np.arange(max_length) < lengths[:, np.newaxis]",
    new="np.arange(max_length)[:, np.newaxis] < lengths",
)
mistake(
    "sequence_mask",
    "floats",
    says="Of which dtype is the mask? Read the docstring.",
    old="np.arange(max_length) < lengths[:, np.newaxis]",
    new="(np.arange(max_length) < lengths[:, np.newaxis]).astype(np.float64)",
)
mistake(
    "sequence_mask",
    "integers",
    says="Of which dtype is the mask? Read the docstring.",
    old="np.arange(max_length) < lengths[:, np.newaxis]",
    new="(np.arange(max_length) < lengths[:, np.newaxis]).astype(int)",
)
mistake(
    "sequence_mask",
    "width_of_the_longest",
    says="How many columns has the mask when all sequences are shorter than `max_length`?",
    old="np.arange(max_length)",
    new="np.arange(lengths.max())",
)
mistake(
    "sequence_mask",
    "valid_at_the_end",
    says="Where in its row does a sequence begin? See Exercise 0.4.",
    old="np.arange(max_length) <",
    new="np.arange(max_length)[::-1] <",
)
mistake(
    "sequence_mask",
    "one_step_at_least",
    says="Which steps are valid in a sequence of length 0?",
    old="lengths[:, np.newaxis]",
    new="np.maximum(lengths, 1)[:, np.newaxis]",
)
mistake(
    "sequence_mask",
    "last_step_only",
    says="How many steps of a row does (0.5) mark?",
    old="np.arange(max_length) < lengths[:, np.newaxis]",
    new="np.arange(max_length) == lengths[:, np.newaxis] - 1",
)
mistake(
    "sequence_mask",
    "one_row_squeezed",
    says="Which shape has the mask of a single sequence? See the docstring.",
    old="np.arange(max_length) < lengths[:, np.newaxis]",
    new="(np.arange(max_length) < lengths[:, np.newaxis]).squeeze()",
)
mistake(
    "sequence_mask",
    "zero_counts_from_the_end",
    says="Which steps are valid in a sequence of length 0?",
    old="    return np.arange(max_length) < lengths[:, np.newaxis]",
    new="    mask = np.ones((len(lengths), max_length), dtype=bool)\n"
    "    for row, length in zip(mask, lengths, strict=True):\n"
    "        if length < max_length:\n"
    "            row[-(max_length - length) :] = False\n"
    "    mask[lengths == 0] = True\n"
    "    return mask",
)
mistake(
    "sequence_mask",
    "lengths_counted_down",
    says="The lengths belong to the caller and stay as they are.",
    old="    return np.arange(max_length) < lengths[:, np.newaxis]",
    new="    columns = []\n"
    "    for _ in range(max_length):\n"
    "        columns.append(lengths > 0)\n"
    "        lengths -= 1\n"
    "    return np.stack(columns, axis=1)",
)

# --- masked_mean ----------------------------------------------------------------------------------

mistake(
    "masked_mean",
    "padding_counts",
    says="Over how many steps does (0.6) divide?",
    old="np.maximum(count, 1)",
    new="mask.shape[1]",
)
mistake(
    "masked_mean",
    "mask_ignored",
    says="Which steps does the sum of (0.6) contain?",
    old="np.where(mask[:, :, np.newaxis], x, 0.0)",
    new="x",
)
mistake(
    "masked_mean",
    "multiplied",
    says="What is zero times what may stand in padding?",
    old="np.where(mask[:, :, np.newaxis], x, 0.0)",
    new="(x * mask[:, :, np.newaxis])",
)
mistake(
    "masked_mean",
    "nan_only",
    says="Padding may hold more than one kind of number that zero does not silence.",
    old="np.where(mask[:, :, np.newaxis], x, 0.0)",
    new="(np.where(np.isnan(x), 0.0, x) * mask[:, :, np.newaxis])",
)
mistake(
    "masked_mean",
    "nan_to_num",
    says="Zero is not the only thing that stands for infinity once it was replaced.",
    old="np.where(mask[:, :, np.newaxis], x, 0.0)",
    new="np.nan_to_num(x)",
)
mistake(
    "masked_mean",
    "nanmean",
    says="What decides whether a step counts: the mask, or its value?",
    old="total / np.maximum(count, 1)",
    new="np.nan_to_num(np.nanmean(x, axis=1))",
)
mistake(
    "masked_mean",
    "division_by_zero",
    says="By what is divided where no step is valid?",
    old="np.maximum(count, 1)",
    new="count",
)
mistake(
    "masked_mean",
    "one_added",
    says="Over how many steps does (0.6) divide?",
    old="np.maximum(count, 1)",
    new="(count + 1)",
)
mistake(
    "masked_mean",
    "epsilon_too_large",
    says="The divisor is a little off where steps are valid.",
    old="np.maximum(count, 1)",
    new="(count + 1e-3)",
)
mistake(
    "masked_mean",
    "over_the_batch",
    says="Over which axis does (0.6) sum?",
    code="""
def masked_mean(x, mask):
    total = np.where(mask[:, :, np.newaxis], x, 0.0).sum(axis=0)
    return total / np.maximum(mask.sum(axis=0)[:, np.newaxis], 1)
""",
)
mistake(
    "masked_mean",
    "over_everything",
    says="Whose steps are in the divisor of (0.6)?",
    old="np.maximum(count, 1)",
    new="max(int(mask.sum()), 1)",
)
mistake(
    "masked_mean",
    "sum_only",
    says="Is a division missing from (0.6)?",
    old="total / np.maximum(count, 1)",
    new="total",
)
mistake(
    "masked_mean",
    "values_counted_too",
    says="The divisor of (0.6) counts steps. Does yours count features with them?",
    old="np.maximum(count, 1)",
    new="np.maximum(count * x.shape[2], 1)",
)
mistake(
    "masked_mean",
    "first_steps_only",
    says="A mask need not begin with its valid steps.",
    old="    total = np.where(mask[:, :, np.newaxis], x, 0.0).sum(axis=1)\n",
    new="    first = np.arange(x.shape[1]) < mask.sum(axis=1)[:, np.newaxis]\n"
    "    total = np.where(first[:, :, np.newaxis], x, 0.0).sum(axis=1)\n",
)
mistake(
    "masked_mean",
    "up_to_the_last_valid",
    says="A mask may have gaps before its last valid step.",
    old="count = mask.sum(axis=1)[:, np.newaxis]",
    new="count = (x.shape[1] - np.argmax(mask[:, ::-1], axis=1))[:, np.newaxis]",
)
mistake(
    "masked_mean",
    "mask_on_the_features",
    says="Along which axes of x does the mask lie?",
    old="mask[:, :, np.newaxis]",
    new="(mask[:, np.newaxis, :] if x.shape[1] == x.shape[2] else mask[:, :, np.newaxis])",
)
mistake(
    "masked_mean",
    "axis_kept",
    says="Which shape does the docstring give?",
    old="return total / np.maximum(count, 1)",
    new="return (total / np.maximum(count, 1))[:, np.newaxis, :]",
)
mistake(
    "masked_mean",
    "one_feature_dropped",
    says="Which shape does the docstring give where D is 1?",
    old="return total / np.maximum(count, 1)",
    new="return (total / np.maximum(count, 1)).squeeze()",
)
mistake(
    "masked_mean",
    "padding_cleared_in_place",
    says="x belongs to the caller and stays as it is.",
    old="    total = np.where(mask[:, :, np.newaxis], x, 0.0).sum(axis=1)\n",
    new="    x[~mask] = 0.0\n    total = x.sum(axis=1)\n",
)
mistake(
    "masked_mean",
    "empty_gets_nan",
    says="What is the mean where no step is valid? See (0.6).",
    old="return total / np.maximum(count, 1)",
    new="return np.where(count > 0, total / np.maximum(count, 1), np.nan)",
)
mistake(
    "masked_mean",
    "large_values_are_padding",
    says="What decides whether a step counts: the mask, or its value?",
    old="np.where(mask[:, :, np.newaxis], x, 0.0)",
    new="np.where(np.abs(x) < 1e9, x, 0.0)",
)
mistake(
    "masked_mean",
    "empty_steps_averaged",
    says="What is the mean where no step is valid? See (0.6).",
    old="return total / np.maximum(count, 1)",
    new="return np.where(count > 0, total / np.maximum(count, 1), x.mean(axis=1))",
)

# --- sequence_to_vector ---------------------------------------------------------------------------

mistake(
    "sequence_to_vector",
    "arguments_swapped",
    says="In which order does the step of (0.7) take state and input?",
    old="        h = step(h, x)",
    new="        h = step(x, h)",
)
mistake(
    "sequence_to_vector",
    "starts_from_zero",
    says="Where does h_0 of (0.7) come from?",
    old="h = h0",
    new="h = np.zeros_like(h0)",
)
mistake(
    "sequence_to_vector",
    "state_not_carried",
    says="Which state does step t read in (0.7)?",
    old="        h = step(h, x)",
    new="        h = step(h0, x)",
)
mistake(
    "sequence_to_vector",
    "last_input_ignored",
    says="How many inputs does h_T depend on?",
    old="in xs:",
    new="in xs[:-1]:",
)
mistake(
    "sequence_to_vector",
    "first_input_ignored",
    says="Which input does the first step read in (0.7)?",
    old="in xs:",
    new="in xs[1:]:",
)
mistake(
    "sequence_to_vector",
    "backwards",
    says="In which order are the inputs read?",
    old="in xs:",
    new="in xs[::-1]:",
)
mistake(
    "sequence_to_vector",
    "first_input_as_state",
    says="What does the first step start from?",
    code="""
def sequence_to_vector(step, h0, xs):
    import functools

    return functools.reduce(step, xs) if len(xs) else h0
""",
)
mistake(
    "sequence_to_vector",
    "stops_after_one",
    says="Where does the function return: in the loop, or after it?",
    old="        h = step(h, x)\n    return h",
    new="        h = step(h, x)\n        return h\n    return h",
)
mistake(
    "sequence_to_vector",
    "all_states",
    says="How many states does (0.7) return?",
    code="""
def sequence_to_vector(step, h0, xs):
    states = [h0]
    for x in xs:
        states.append(step(states[-1], x))
    return np.stack(states)
""",
)
mistake(
    "sequence_to_vector",
    "fails_without_inputs",
    says="What is the last state where there is no input?",
    old="    h = h0\n    for x in xs:\n        h = step(h, x)\n",
    new="    h = step(h0, xs[0])\n    for x in xs[1:]:\n        h = step(h, x)\n",
)
mistake(
    "sequence_to_vector",
    "zeros_without_inputs",
    says="What is the last state where there is no input?",
    old="    h = h0\n",
    new="    h = h0 if len(xs) else np.zeros_like(h0)\n",
)
mistake(
    "sequence_to_vector",
    "updated_in_place",
    says="h0 belongs to the caller and stays as it is.",
    old="        h = step(h, x)",
    new="        h[...] = step(h, x)",
)
mistake(
    "sequence_to_vector",
    "step_called_twice",
    says="How often is the step called for each input?",
    old="        h = step(h, x)",
    new="        if np.shape(step(h, x)) == np.shape(h):\n            h = step(h, x)",
)
mistake(
    "sequence_to_vector",
    "flattened",
    says="Which shape has a state of a batch?",
    old="    return h",
    new="    return np.ravel(h)",
)
mistake(
    "sequence_to_vector",
    "batch_first",
    says="Along which axis of xs does time run? See the docstring.",
    old="in xs:",
    new="in (xs.swapaxes(0, 1) if xs.ndim == 3 else xs):",
)
mistake(
    "sequence_to_vector",
    "state_added",
    says="What does (0.7) do with the old state after the step?",
    old="        h = step(h, x)",
    new="        h = h + step(h, x)",
)

# --- sequence_to_sequence -------------------------------------------------------------------------

mistake(
    "sequence_to_sequence",
    "readout_before_step",
    says="Which state does output t read in (0.8)?",
    old="        h = step(h, x)\n        ys.append(readout(h))\n",
    new="        ys.append(readout(h))\n        h = step(h, x)\n",
)
mistake(
    "sequence_to_sequence",
    "initial_state_included",
    says="How many outputs does (0.8) give for T inputs?",
    old="h, ys = h0, []",
    new="h, ys = h0, [readout(h0)]",
)
mistake(
    "sequence_to_sequence",
    "last_input_ignored",
    says="How many outputs does (0.8) give for T inputs?",
    old="in xs:",
    new="in xs[:-1]:",
)
mistake(
    "sequence_to_sequence",
    "states_returned",
    says="What is made of every state in (0.8)?",
    old="ys.append(readout(h))",
    new="ys.append(h)",
)
mistake(
    "sequence_to_sequence",
    "last_output_only",
    says="At which steps does (0.8) give an output?",
    old="return np.stack(ys)",
    new="return ys[-1]",
)
mistake(
    "sequence_to_sequence",
    "output_as_state",
    says="What does step t start from in (0.8): the state before it, or the output?",
    old="        h = step(h, x)\n        ys.append(readout(h))\n",
    new="        h = readout(step(h, x))\n        ys.append(h)\n",
)
mistake(
    "sequence_to_sequence",
    "starts_from_zero",
    says="Where does h_0 of (0.8) come from?",
    old="h, ys = h0, []",
    new="h, ys = np.zeros_like(h0), []",
)
mistake(
    "sequence_to_sequence",
    "state_not_carried",
    says="Which state does step t read in (0.8)?",
    old="step(h, x)",
    new="step(h0, x)",
    count=0,
)
mistake(
    "sequence_to_sequence",
    "arguments_swapped",
    says="In which order does the step of (0.8) take state and input?",
    old="        h = step(h, x)",
    new="        h = step(x, h)",
)
mistake(
    "sequence_to_sequence",
    "list_returned",
    says="Of which type is the result? Read the docstring.",
    old="np.stack(ys)",
    new="ys",
)
mistake(
    "sequence_to_sequence",
    "concatenated",
    says="Which shape has the result? See the docstring.",
    old="np.stack(ys)",
    new="np.concatenate([np.atleast_1d(y) for y in ys])",
)
mistake(
    "sequence_to_sequence",
    "stacked_last",
    says="Which axis of the result is time? See the docstring.",
    old="np.stack(ys)",
    new="np.stack(ys, axis=-1)",
)
mistake(
    "sequence_to_sequence",
    "batch_first_result",
    says="Which axis of the result is time? See the docstring.",
    old="np.stack(ys)",
    new="np.stack(ys, axis=min(1, np.ndim(ys[0]) - 1) if np.ndim(ys[0]) else 0)",
)
mistake(
    "sequence_to_sequence",
    "shape_of_the_state",
    says="Need an output have the shape of a state?",
    code="""
def sequence_to_sequence(step, readout, h0, xs):
    ys = np.zeros((len(xs),) + np.shape(h0))
    h = h0
    for t, x in enumerate(xs):
        h = step(h, x)
        ys[t] = readout(h)
    return ys
""",
)
mistake(
    "sequence_to_sequence",
    "readout_called_twice",
    says="How often is the readout called for each input?",
    code="""
def sequence_to_sequence(step, readout, h0, xs):
    h, ys = h0, None
    for t, x in enumerate(xs):
        h = step(h, x)
        if ys is None:
            ys = np.zeros((len(xs),) + np.shape(readout(h)))
        ys[t] = readout(h)
    return ys
""",
)
mistake(
    "sequence_to_sequence",
    "every_prefix_read_anew",
    says="How often is the step called for T inputs?",
    code="""
def sequence_to_sequence(step, readout, h0, xs):
    ys = []
    for t in range(len(xs)):
        h = h0
        for x in xs[: t + 1]:
            h = step(h, x)
        ys.append(readout(h))
    return np.stack(ys)
""",
)
mistake(
    "sequence_to_sequence",
    "reversed",
    says="Which output comes first: that of the first input, or of the last?",
    old="np.stack(ys)",
    new="np.stack(ys[::-1])",
)
mistake(
    "sequence_to_sequence",
    "updated_in_place",
    says="h0 belongs to the caller and stays as it is.",
    old="        h = step(h, x)",
    new="        h[...] = step(h, x)",
)
mistake(
    "sequence_to_sequence",
    "single_step_squeezed",
    says="Which shape has the result for one input? See the docstring.",
    old="np.stack(ys)",
    new="np.stack(ys).squeeze()",
)
mistake(
    "sequence_to_sequence",
    "outputs_kept_between_calls",
    says="What is left of an earlier call?",
    old="h, ys = h0, []",
    new="h = h0\n    ys = sequence_to_sequence.__dict__.setdefault('ys', [])",
)

# --- vector_to_sequence ---------------------------------------------------------------------------

mistake(
    "vector_to_sequence",
    "readout_before_step",
    says="Which of step and readout comes first in (0.9)?",
    old="        h = step(h, y)\n        y = readout(h)\n",
    new="        y = readout(h)\n        h = step(h, y)\n",
)
mistake(
    "vector_to_sequence",
    "start_included",
    says="Is y_0 of (0.9) part of the result?",
    old="h, y, ys = context, start, []",
    new="h, y, ys = context, start, [start]",
)
mistake(
    "vector_to_sequence",
    "start_for_the_last_output",
    says="Is y_0 of (0.9) part of the result?",
    old="np.stack(ys)",
    new="np.stack([start, *ys[:-1]])",
)
mistake(
    "vector_to_sequence",
    "output_not_fed_back",
    says="What does the second step read in (0.9)?",
    old="step(h, y)\n        y",
    new="step(h, start)\n        y",
)
mistake(
    "vector_to_sequence",
    "state_not_carried",
    says="Which state does the second step start from in (0.9)?",
    old="step(h, y)\n        y",
    new="step(context, y)\n        y",
)
mistake(
    "vector_to_sequence",
    "start_ignored",
    says="What does the first step read in (0.9)?",
    old="context, start, []",
    new="context, np.zeros_like(start), []",
)
mistake(
    "vector_to_sequence",
    "context_ignored",
    says="Where does the state start in (0.9)?",
    old="context, start, []",
    new="np.zeros_like(context), start, []",
)
mistake(
    "vector_to_sequence",
    "context_added_at_every_step",
    says="Where does the context enter in (0.9), and how often?",
    old="        h = step(h, y)",
    new="        h = step(h + context if ys else h, y)",
)
mistake(
    "vector_to_sequence",
    "one_output_too_few",
    says="How many outputs are asked for?",
    old="range(length)",
    new="range(max(length - 1, 1))",
)
mistake(
    "vector_to_sequence",
    "one_output_too_many",
    says="How many outputs are asked for?",
    old="range(length)",
    new="range(length + 1)",
)
mistake(
    "vector_to_sequence",
    "one_step_ahead",
    says="How often is the step called for each output?",
    old="        ys.append(y)\n",
    new="        ys.append(y)\n    step(h, y)\n",
)
mistake(
    "vector_to_sequence",
    "states_returned",
    says="What does (0.9) collect: states or outputs?",
    old="ys.append(y)",
    new="ys.append(h)",
)
mistake(
    "vector_to_sequence",
    "state_fed_back",
    says="What does the second step read in (0.9)?",
    old="        ys.append(y)\n",
    new="        ys.append(y)\n        y = h\n",
)
mistake(
    "vector_to_sequence",
    "arguments_swapped",
    says="In which order does the step of (0.9) take state and input?",
    old="step(h, y)\n        y",
    new="step(y, h)\n        y",
)
mistake(
    "vector_to_sequence",
    "last_output_only",
    says="What does (0.9) collect?",
    old="np.stack(ys)",
    new="ys[-1]",
)
mistake(
    "vector_to_sequence",
    "list_returned",
    says="Of which type is the result? Read the docstring.",
    old="np.stack(ys)",
    new="ys",
)
mistake(
    "vector_to_sequence",
    "concatenated",
    says="Which shape has the result? See the docstring.",
    old="np.stack(ys)",
    new="np.concatenate(ys)",
)
mistake(
    "vector_to_sequence",
    "batch_first_result",
    says="Which axis of the result is time? See the docstring.",
    old="np.stack(ys)",
    new="np.stack(ys, axis=np.ndim(ys[0]) - 1)",
)
mistake(
    "vector_to_sequence",
    "one_hot_fed_back",
    says="Is the output changed before it becomes the next input in (0.9)?",
    old="        ys.append(y)\n",
    new="        ys.append(y)\n"
    "        y = (y == y.max(axis=-1, keepdims=True)).astype(np.float64)\n",
)
mistake(
    "vector_to_sequence",
    "context_overwritten",
    says="The context belongs to the caller and stays as it is.",
    old="        h = step(h, y)\n",
    new="        h[...] = step(h, y)\n",
)
mistake(
    "vector_to_sequence",
    "start_overwritten",
    says="The start belongs to the caller and stays as it is.",
    old="        y = readout(h)\n        ys.append(y)\n",
    new="        y[...] = readout(h)\n        ys.append(y.copy())\n",
)
mistake(
    "vector_to_sequence",
    "all_outputs_one_array",
    says="Are the outputs different arrays, or the same one again and again?",
    code="""
def vector_to_sequence(step, readout, context, start, length):
    h, y, ys = context, np.array(start), []
    for _ in range(length):
        h = step(h, y)
        y[...] = readout(h)
        ys.append(y)
    return np.stack(ys)
""",
)

# --- counts ---------------------------------------------------------------------------------------

mistake(
    "feedforward_parameter_count",
    "bias_missing",
    says="Which parameters of (0.1) are not in W?",
    old="T * D * H + H",
    new="T * D * H",
)
mistake(
    "feedforward_parameter_count",
    "bias_per_step",
    says="How many entries has b in (0.1)?",
    old="T * D * H + H",
    new="T * (D * H + H)",
)
mistake(
    "feedforward_parameter_count",
    "bias_per_input",
    says="How many entries has b in (0.1)?",
    old="T * D * H + H",
    new="T * D * H + T * D",
)
mistake(
    "feedforward_parameter_count",
    "shared_over_time",
    says="Which shape has W in (0.1)?",
    old="T * D * H + H",
    new="D * H + H",
)
mistake(
    "feedforward_parameter_count",
    "one_bias",
    says="How many entries has b in (0.1)?",
    old="T * D * H + H",
    new="T * D * H + 1",
)
mistake(
    "feedforward_parameter_count",
    "square_weights",
    says="Which shape has W in (0.1)?",
    old="T * D * H + H",
    new="T * D * H + H * H + H",
)
mistake(
    "feedforward_parameter_count",
    "float",
    says="Of which type is a count?",
    old="T * D * H + H",
    new="(T * D + 1) * H / 1",
)
mistake(
    "rnn_parameter_count",
    "bias_missing",
    says="What is added inside the tanh of (0.3) that has no input?",
    old="H * D + H * H + H",
    new="H * D + H * H",
)
mistake(
    "rnn_parameter_count",
    "two_biases",
    says="How many biases has (0.3)? Some libraries have another number.",
    old="H * D + H * H + H",
    new="H * D + H * H + 2 * H",
)
mistake(
    "rnn_parameter_count",
    "recurrent_weights_missing",
    says="How many matrices has (0.3)?",
    old="H * D + H * H + H",
    new="H * D + H",
)
mistake(
    "rnn_parameter_count",
    "recurrent_weights_diagonal",
    says="Which shape has W_hh in (0.3)?",
    old="H * D + H * H + H",
    new="H * D + H + H",
)
mistake(
    "rnn_parameter_count",
    "sizes_swapped",
    says="Which of D and H is the size of the state?",
    old="H * D + H * H + H",
    new="H * D + D * D + D",
)
mistake(
    "rnn_parameter_count",
    "readout_included",
    says="Which parameters does the docstring count? See (0.3).",
    old="H * D + H * H + H",
    new="H * D + H * H + H + H * D",
)
mistake(
    "rnn_parameter_count",
    "bias_of_the_input",
    says="How many entries has b_h in (0.3)?",
    old="H * D + H * H + H",
    new="H * D + H * H + D",
)
mistake(
    "rnn_parameter_count",
    "float",
    says="Of which type is a count?",
    old="H * D + H * H + H",
    new="H * (D + H + 1.0)",
)


# --- size, shape and zero -------------------------------------------------------------------------
# Wrong only at inputs of a certain length or shape: zero taken for missing, axes told apart by their
# lengths, long sequences cut, masks that are only right for trailing padding.

ZERO_TOKEN = "A token of 0 is a token: what makes a character unknown is that it is no key."
mistake(
    "encode",
    "zero_is_unknown",
    says=ZERO_TOKEN,
    code="""
def encode(text, vocabulary):
    tokens = []
    for character in text:
        if not vocabulary.get(character):
            raise KeyError(f"unknown character {character}")
        tokens.append(vocabulary[character])
    return np.array(tokens, dtype=np.int64)
""",
)
mistake(
    "encode",
    "zero_left_out",
    says=ZERO_TOKEN,
    old="[vocabulary[character] for character in text]",
    new="[token for token in map(vocabulary.__getitem__, text) if token]",
)
mistake(
    "encode",
    "zero_becomes_one",
    says=ZERO_TOKEN,
    old="vocabulary[character] for",
    new="(vocabulary[character] or 1) for",
)
EQUAL = "Axes are told apart by what they are, not by their lengths. Try as many rows as columns."
mistake(
    "one_hot",
    "turned_where_square",
    says=EQUAL,
    old="return (np.expand_dims(tokens, -1) == np.arange(V)).astype(np.float64)",
    new="""vectors = (np.expand_dims(tokens, -1) == np.arange(V)).astype(np.float64)
    return vectors.swapaxes(0, 1) if vectors.ndim == 3 and len(set(vectors.shape)) == 1 else vectors""",
)
mistake(
    "pad_sequences",
    "turned_where_square",
    says=EQUAL,
    old="return padded, lengths",
    new="""if padded.ndim == 3 and padded.shape[1] == padded.shape[2]:
        padded = padded.swapaxes(1, 2)
    return padded, lengths""",
)
mistake(
    "pad_sequences",
    "columns_for_steps",
    says=EQUAL,
    old="for row, sequence, length in zip",
    new="""sequences = [
        s.T if s.ndim == 2 and s.shape[0] == s.shape[1] == len(sequences) else s for s in sequences
    ]
    for row, sequence, length in zip""",
)
mistake(
    "sequence_mask",
    "turned_where_square",
    says=EQUAL,
    old="return np.arange(max_length) < lengths[:, np.newaxis]",
    new="""mask = np.arange(max_length) < lengths[:, np.newaxis]
    return mask.T if mask.shape[0] == mask.shape[1] else mask""",
)
mistake(
    "sequence_mask",
    "broadcast_by_luck",
    says=EQUAL,
    old="return np.arange(max_length) < lengths[:, np.newaxis]",
    new="""if len(lengths) == max_length:
        return np.arange(max_length)[:, np.newaxis] < lengths
    return np.arange(max_length) < lengths[:, np.newaxis]""",
)
mistake(
    "masked_mean",
    "mask_turned_where_square",
    says=EQUAL,
    old="    total = np.where(",
    new="    mask = mask.T if mask.shape[0] == mask.shape[1] else mask\n    total = np.where(",
)
ZERO_VALUE = "Zero is a value: which steps count is said by the mask alone. See (0.6)."
mistake(
    "masked_mean",
    "zeros_do_not_count",
    says=ZERO_VALUE,
    old="count = mask.sum(axis=1)[:, np.newaxis]",
    new="count = (mask[:, :, np.newaxis] & (x != 0)).sum(axis=1)",
)
mistake(
    "masked_mean",
    "zero_steps_are_padding",
    says=ZERO_VALUE,
    old="    total = np.where(",
    new="    mask = mask & (x != 0).any(axis=2)\n    total = np.where(",
)
mistake(
    "masked_mean",
    "mask_ends_at_the_first_gap",
    says="A mask may have gaps before its last valid step.",
    old="    total = np.where(",
    new="    mask = np.logical_and.accumulate(mask, axis=1)\n    total = np.where(",
)
mistake(
    "pad_sequences",
    "no_length_for_a_length_of_zero",
    says="A max_length of 0 is given; only None is not.",
    old="if max_length is None else max_length",
    new="if max_length in (None, 0) else max_length",
)
MANY = "Does the recurrence read every input? Try 40 of them."
mistake(
    "sequence_to_vector",
    "first_thirty_inputs",
    says=MANY,
    old="for x in xs:",
    new="for x in xs[:30]:",
)
mistake(
    "sequence_to_vector",
    "batch_axis_by_shape",
    says=EQUAL,
    old="for x in xs:",
    new="for x in (xs.swapaxes(0, 1) if xs.ndim == 3 and xs.shape[0] == xs.shape[1] else xs):",
)
mistake(
    "sequence_to_vector",
    "zero_state_replaced",
    says="A state of zeros is a state.",
    old="h = h0",
    new="h = h0 if np.any(h0) else np.ones_like(h0)",
)
mistake(
    "sequence_to_sequence",
    "state_reset_after_thirty",
    says=MANY,
    old="h = step(h, x)\n        ys",
    new="h = step(h if len(ys) != 30 else h0, x)\n        ys",
)
mistake(
    "sequence_to_sequence",
    "batch_axis_by_shape",
    says=EQUAL,
    old="return np.stack(ys)",
    new="""ys = np.stack(ys)
    return ys.swapaxes(0, 1) if ys.ndim == 3 and ys.shape[0] == ys.shape[1] else ys""",
)
mistake(
    "sequence_to_sequence",
    "zero_state_replaced",
    says="A state of zeros is a state.",
    old="h, ys = h0, []",
    new="h, ys = h0 if np.any(h0) else np.ones_like(h0), []",
)
mistake(
    "vector_to_sequence",
    "state_reset_after_thirty",
    says="Which state does each step of (0.9) read? Try 40 steps.",
    old="h = step(h, y)\n        y",
    new="h = step(h if len(ys) != 30 else context, y)\n        y",
)
mistake(
    "vector_to_sequence",
    "zero_start_replaced",
    says="A start of zeros is a start.",
    old="h, y, ys = context, start, []",
    new="h, y, ys = context, start if np.any(start) else np.ones_like(start), []",
)
mistake(
    "vector_to_sequence",
    "batch_axis_by_shape",
    says=EQUAL,
    old="return np.stack(ys)",
    new="""ys = np.stack(ys)
    return ys.swapaxes(0, 1) if ys.ndim == 3 and ys.shape[0] == ys.shape[1] else ys""",
)
