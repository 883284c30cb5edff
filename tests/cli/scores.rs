//! `scores`: the numbers of an ordered run, for people and programs.

use crate::house::House;

/// A run of 30 steps in three epochs of ten, four candidates each.
fn ordered(more: &[&str]) -> House {
    let house = House::new("steps=30,epochs=3");
    house.ok(&[&["run", "quickstart", "-q", "--set", "ordering.candidates=4", "--set", "training.batch=100"], more].concat());
    house
}

#[test]
fn the_numbers_can_be_read_by_people_and_programs() {
    let house = ordered(&[]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    let scores = house.json(&["scores", "last"]);
    assert_eq!(scores["id"], id);
    // An epoch of ten: four candidates seven times, then three and two; the last item is not scored.
    assert_eq!((scores["step"].as_u64(), scores["steps"].as_u64(), scores["scorings"].as_u64()), (Some(30), Some(30), Some(27)));
    assert_eq!(
        (scores["scorer"].as_str(), scores["candidates"].as_u64(), scores["oracle"].as_bool()),
        (Some("loss-delta"), Some(4), Some(false))
    );
    assert_eq!(scores["view"]["step"], 29);
    assert_eq!(scores["view"]["window"]["candidates"], 3 * (7 * 4 + 3 + 2));
    let bins: u64 = scores["view"]["bins"].as_array().unwrap().iter().map(|bin| bin["candidates"].as_u64().unwrap()).sum();
    assert_eq!(bins, 99);
    assert_eq!(scores["cost"]["backward"], 30.0 + 99.0);
    let plain = scores["cost"]["step_in_plain_ones"].as_f64().unwrap();
    assert!((plain - (3.0 * 30.0 + 4.0 * 99.0) / 90.0).abs() < 1e-9, "{plain}");
    assert_eq!(scores["images"]["step"], 30);
    assert_eq!(scores["images"]["images"], 1_000);
    assert_eq!(scores["images"]["run"]["even"], 3);
    let counts = scores["chosen_over_steps"]["counts"].as_array().unwrap();
    let chosen: u64 = counts.iter().flat_map(|column| column.as_array().unwrap()).map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(chosen, 27);
    let words = house.ok(&["scores", "last"]);
    for part in [
        id.as_str(),
        "loss delta, K = 4, same batch; 27 scorings in 30 of 30 steps",
        "scores at step 29: loss delta (last 27 scorings, 99 candidates)",
        "chosen score over steps",
        "every image       x3",
        "between two epochs",
        "batch of step 29",
        "228 forward        129 backward",
        "a step costs           5.4 plain ones",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
    let ascii = house.ok(&["scores", "last", "--ascii"]);
    assert!(ascii.is_ascii(), "{ascii}");
}

#[test]
fn a_step_is_shown_as_it_was() {
    let house = ordered(&[]);
    let scores = house.json(&["scores", "last", "--step", "12"]);
    assert_eq!(
        (scores["view"]["step"].as_u64(), scores["view"]["epoch"].as_u64(), scores["view"]["scored"].as_bool()),
        (Some(12), Some(2), Some(true))
    );
    assert_eq!(scores["view"]["scores"].as_array().unwrap().len(), 4);
    assert_eq!(scores["view"]["batch"]["images"].as_array().unwrap().len(), 100);
    let classes = scores["view"]["batch"]["classes"].as_array().unwrap();
    assert_eq!((classes[0][0].as_str(), classes.len()), (Some("circle"), 2));
    assert!(house.ok(&["scores", "last", "--step", "12"]).contains("scores at step 12: loss delta (last 11 scorings, 41 candidates)"));
}

#[test]
fn what_is_not_there_is_said() {
    let house = ordered(&["--name", "ordered"]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    let hint = "hint: without `--step` the newest that was scored is shown";
    house.refused(&["scores", "last", "--step", "31"], 2, &format!("error: run `{id}` has steps 1 to 30 so far\n{hint}"));
    house.refused(
        &["scores", "last", "--step", "20"],
        2,
        &format!(
            "error: step 20 of run `{id}` was not scored: the last item of an epoch is handed out as it is\n\
             hint: take the step before, or none for the newest that was scored"
        ),
    );
    assert_eq!(house.call(&["scores", "last", "--step", "minus one"]).code, 2);
    house.refused(
        &["scores", "nobody"],
        2,
        &format!("error: no run `nobody` in `{}`\nhint: `curricle runs list` shows the runs that are there", house.runs().display()),
    );
    let plain = House::new("steps=5");
    plain.ok(&["run", "quickstart", "-q"]);
    let id = plain.newest()["id"].as_str().unwrap().to_string();
    plain.refused(
        &["scores", "last"],
        2,
        &format!(
            "error: run `{id}` trains in random order: nothing was scored\n\
             hint: write `[ordering]` into an experiment to have its batches ordered"
        ),
    );
}

#[test]
fn a_warm_up_says_why_later_steps_are_not_scored() {
    let house = ordered(&["--set", "ordering.warmup=1 epoch"]);
    // The script scores all steps; what the command says of one that is not follows from the experiment.
    assert_eq!(house.json(&["scores", "last"])["warmup"], "1 epoch");
}

#[test]
fn a_resumed_run_shows_the_numbers_of_one_that_was_not_interrupted() {
    let whole = ordered(&["--seed", "3"]);
    let mut cut = House::new("steps=30,epochs=3,kill_at=18,state_every=7");
    assert_ne!(
        cut.call(&["run", "quickstart", "-q", "--set", "ordering.candidates=4", "--set", "training.batch=100", "--seed", "3"]).code,
        0
    );
    cut.plays("steps=30,epochs=3,state_every=7");
    cut.ok(&["resume", "last", "-q"]);
    let numbers = |house: &House| {
        let mut scores = house.json(&["scores", "last"]);
        let object = scores.as_object_mut().unwrap();
        object.remove("id");
        let cost = object["cost"].as_object_mut().unwrap();
        ["seconds", "scoring_seconds", "share"].iter().for_each(|name| _ = cost.remove(*name));
        scores
    };
    assert_eq!(numbers(&cut), numbers(&whole));
}
