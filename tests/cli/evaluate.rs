//! `eval` and `fork`.

use crate::house::House;
use std::path::Path;

fn trained() -> (House, String) {
    let house = House::new("steps=10");
    house.ok(&["run", "quickstart", "-q"]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    (house, id)
}

#[test]
fn a_run_and_a_checkpoint_are_evaluated() {
    let (house, id) = trained();
    let before = std::fs::read_dir(house.runs()).unwrap().count();
    let checkpoint = house.directory(&id).join("checkpoints/best.safetensors");
    let checkpoint = checkpoint.to_str().unwrap();
    for arguments in [&["eval", "last"][..], &["eval", &id, "--from", "last"], &["eval", checkpoint, "--preset", "quickstart"]] {
        let found = house.json(arguments);
        assert_eq!((found["correct"].as_u64(), found["total"].as_u64()), (Some(183), Some(200)));
        assert!(found["accuracy"].is_f64() && found["loss"].is_f64());
    }
    assert_eq!(house.ok(&["eval", "last"]), "183 of 200 test images correct: accuracy 0.9150, loss 0.2831\n");
    assert_eq!(std::fs::read_dir(house.runs()).unwrap().count(), before, "an evaluation leaves nothing");
}

#[test]
fn wrong_checkpoints_are_named() {
    let (house, id) = trained();
    let checkpoint = house.directory(&id).join("checkpoints/best.safetensors");
    let name = checkpoint.to_str().unwrap();
    house.refused(
        &["eval", name],
        2,
        &format!(
            "error: `{name}` is a checkpoint: what network and data does it belong to?\nhint: name a preset or a TOML file with `--preset`"
        ),
    );
    house.refused(
        &["eval", "nothing.safetensors", "--preset", "quickstart"],
        2,
        "error: there is no checkpoint `nothing.safetensors`\nhint: give the path of a .safetensors file",
    );
    house.refused(
        &["eval", &id, "--from", "epoch-030"],
        2,
        &format!("error: run `{id}` has no checkpoint `epoch-030`\nhint: it has `best`, `last`"),
    );
    let bytes =
        safetensors::serialize([("other", safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]).unwrap())], None);
    std::fs::write(&checkpoint, bytes.unwrap()).unwrap();
    house.refused(&["eval", name, "--preset", "quickstart"], 2, "error: the checkpoint is of another network: it has no `weight`");
}

#[test]
fn a_fork_is_a_new_run_with_the_old_weights() {
    let (house, id) = trained();
    house.ok(&["fork", &id, "-q", "--set", "optimizer.lr=0.01", "--name", "slower"]);
    let fork = house.newest();
    assert_eq!((fork["name"].as_str(), fork["state"].as_str()), (Some("slower"), Some("done")));
    assert_eq!((fork["parent"]["kind"].as_str(), fork["parent"]["id"].as_str()), (Some("fork"), Some(id.as_str())));
    let text = house.ok(&["runs", "show", fork["id"].as_str().unwrap(), "--experiment"]);
    let experiment = curricle_core::config::read(&text, "fork", &[]).unwrap();
    assert_eq!(experiment.optimizer.lr, 0.01);
    assert_eq!(Path::new(&experiment.network.checkpoint), house.directory(&id).join("checkpoints/last.safetensors"));
    house.ok(&["fork", &id, "-q", "--from", "best"]);
    assert!(house.newest()["parent"]["checkpoint"].as_str().unwrap().ends_with("/checkpoints/best.safetensors"));
}

#[test]
fn a_run_without_checkpoints_cannot_be_forked() {
    let house = House::new("steps=500,step_ms=20,epochs=1");
    let id = house.detached(&[]);
    house.refused(
        &["fork", &id],
        2,
        &format!("error: run `{id}` has no checkpoint `last`\nhint: it has none yet; `curricle checkpoint {id}` asks its engine for one"),
    );
}
