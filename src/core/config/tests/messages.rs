use super::{LEAST, bad, with};

#[test]
fn an_unknown_key_names_the_nearest() {
    let problems = bad(&format!("{LEAST}[training]\nbach = 100\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 6   training.bach: no such key\n           hint: did you mean `training.batch`?"
    );
}

#[test]
fn an_unknown_section_names_the_nearest() {
    let problems = bad(&format!("{LEAST}[optimiser]\nlr = 0.1\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 5   optimiser: no such key\n           hint: did you mean `optimizer`?"
    );
}

#[test]
fn a_key_of_another_section_is_sent_there() {
    let problems = bad(&format!("{LEAST}[training]\nweight_decay = 0.1\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 6   training.weight_decay: no such key\n           hint: did you mean `optimizer.weight_decay`?"
    );
}

#[test]
fn a_key_like_none_lists_those_that_are_known() {
    let problems = bad(&format!("{LEAST}[seed]\nqqqqqqqq = 1\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 6   seed.qqqqqqqq: no such key\n           hint: known in `seed`: `weights`, `order`, `augmentation`"
    );
}

#[test]
fn a_wrong_type_says_what_was_expected() {
    let problems = bad(&format!("{LEAST}[training]\nbatch = \"many\"\n"));
    assert_eq!(problems.to_string(), "1 problem in `file.toml`\n  line 6   training.batch: expected a whole number from 1, got `\"many\"`");
}

#[test]
fn a_number_in_quotes_is_told_to_lose_them() {
    let problems = bad(&format!("{LEAST}[optimizer]\nlr = \"0.1\"\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 6   optimizer.lr: expected a number above 0, got `\"0.1\"`\n           \
         hint: write it without quotes: `0.1`"
    );
}

#[test]
fn out_of_range_says_the_range() {
    let problems = bad(&format!("{LEAST}[optimizer]\nmomentum = 1.5\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 6   optimizer.momentum: expected a number from 0 to below 1, got `1.5`"
    );
    let problems = bad(&format!("{LEAST}[training]\nepochs = 0\n"));
    assert_eq!(problems.to_string(), "1 problem in `file.toml`\n  line 6   training.epochs: expected a whole number from 1, got `0`");
    let problems = bad(&format!("{LEAST}[training]\nepochs = -3\n"));
    assert_eq!(problems.to_string(), "1 problem in `file.toml`\n  line 6   training.epochs: expected a whole number from 1, got `-3`");
    let problems = bad(&format!("{LEAST}[optimizer]\nlr = inf\n"));
    assert_eq!(problems.to_string(), "1 problem in `file.toml`\n  line 6   optimizer.lr: expected a number above 0, got `inf`");
}

#[test]
fn a_wrong_word_names_all_and_the_nearest() {
    let problems = bad("[data]\nset = \"glyps\"\n[network]\nkind = \"preresnet\"\n");
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 2   data.set: expected `\"cifar10\"`, `\"cifar100\"`, `\"mnist\"`, `\"fashion-mnist\"`, \
         `\"glyphs\"`, `\"folder\"` or `\"arrays\"`, got `\"glyps\"`\n           hint: did you mean `\"glyphs\"`?"
    );
}

#[test]
fn three_mistakes_are_all_reported_at_their_lines() {
    let text = "\
[data]
set = \"cifar10\"
per_class = -1

[network]
kind = \"preresnet\"
detph = 56

[training]
epochs = 3
batch = 0.5
";
    assert_eq!(
        bad(text).to_string(),
        "3 problems in `file.toml`
  line 3    data.per_class: expected a whole number from 0, got `-1`
  line 7    network.detph: no such key
            hint: did you mean `network.depth`?
  line 11   training.batch: expected a whole number from 1, got `0.5`"
    );
}

#[test]
fn misspelt_toml_has_its_line() {
    let problems = bad("[data]\nset = \"cifar10\n[network]\n");
    assert_eq!(problems.to_string(), "1 problem in `file.toml`\n  line 2   no valid TOML: invalid basic string, expected `\"`");
    let problems = bad("[data]\nset = \"cifar10\"\nset = \"mnist\"\n");
    assert_eq!(problems.to_string(), "1 problem in `file.toml`\n  line 3   no valid TOML: duplicate key");
}

#[test]
fn missing_sections_are_named() {
    let problems = bad("name = \"nothing\"\n");
    assert_eq!(
        problems.to_string(),
        "2 problems in `file.toml`\n  data: the section is missing\n  hint: write `[data]`, and below it at least `set = \"cifar10\"`\n  \
         network: the section is missing\n  hint: write `[network]`, and below it at least `kind = \"preresnet\"`"
    );
}

#[test]
fn settings_of_the_command_line_have_themselves_as_place() {
    let problems = with(&format!("{LEAST}[training]\nepochs = 0\n"), &[("training.batch", "abc"), ("trainng.epochs", "3"), ("a..b", "1")]);
    assert_eq!(
        problems.unwrap_err().to_string(),
        "1 problem in `file.toml`
  line 6   training.epochs: expected a whole number from 1, got `0`
1 problem in `--set a..b=1`
  a..b: no path: write keys with dots between them, as `training.batch`
1 problem in `--set trainng.epochs=3`
  trainng: no such key
  hint: did you mean `training`?
1 problem in `--set training.batch=abc`
  training.batch: expected a whole number from 1, got `\"abc\"`"
    );
}

#[test]
fn a_value_where_a_table_belongs() {
    let problems = bad("data = 3\n[network]\nkind = \"preresnet\"\n");
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 1   data: expected a table, got `3`\n           hint: write `[data]`, and below it its keys, as `set = …`"
    );
    let problems = bad(&format!("{LEAST}[attack]\nkind = \"pgd\"\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 5   attack: expected a list of tables, got a table\n           hint: write `[[attack]]` above each of them"
    );
}

#[test]
fn items_of_lists_have_their_own_paths_and_lines() {
    let problems = bad(&format!("{LEAST}[schedule]\nmilestones = [\n  3,\n  \"six\",\n  0,\n]\n"));
    assert_eq!(
        problems.to_string(),
        "2 problems in `file.toml`\n  line 8   schedule.milestones.1: expected a whole number from 1, got `\"six\"`\n  \
         line 9   schedule.milestones.2: expected a whole number from 1, got `0`"
    );
    let problems = bad(&format!("{LEAST}[[attack]]\nkind = \"fgsm\"\n[[attack]]\nkind = \"pgd\"\nstepps = 3\n"));
    assert_eq!(
        problems.to_string(),
        "1 problem in `file.toml`\n  line 9   attack.1.stepps: no such key\n           hint: did you mean `attack.1.steps`?"
    );
}

#[test]
fn spelt_values_say_how_they_are_spelt() {
    let cases = [
        ("evaluate_every = \"1 poch\"", "training.evaluate_every: expected a length as `\"1 epoch\"` or `\"100 steps\"`, got `\"1 poch\"`"),
        ("keep_every = 30", "training.keep_every: expected a length as `\"1 epoch\"` or `\"100 steps\"`, got `30`"),
        (
            "state_every = \"soon\"",
            "training.state_every: expected a time as `\"60 s\"`, `\"10 min\"` or `\"2 h\"`, or `\"500 steps\"`, got `\"soon\"`",
        ),
        ("until = \"25:00\"", "training.until: expected a time of day as `\"08:00\"`, or a length as `\"12 h\"`, got `\"25:00\"`"),
        (
            "device = \"gpu:0\"",
            "training.device: expected `\"auto\"`, `\"cpu\"`, `\"cuda\"`, or a GPU by its number as `\"cuda:1\"`, got `\"gpu:0\"`",
        ),
        ("deterministic = \"maybe\"", "training.deterministic: expected `\"auto\"`, `true` or `false`, got `\"maybe\"`"),
        ("keep_state = 1", "training.keep_state: expected `true` or `false`, got `1`"),
        ("on_end = 3", "training.on_end: expected text in quotes, got `3`\n           hint: write `\"3\"`"),
    ];
    for (line, message) in cases {
        let problems = bad(&format!("{LEAST}[training]\n{line}\n"));
        assert_eq!(problems.to_string(), format!("1 problem in `file.toml`\n  line 6   {message}"));
    }
}
