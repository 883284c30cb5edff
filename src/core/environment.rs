//! Variables that an engine wants in its environment before it begins: the libraries that read them do so while they are
//! loaded, so they are set by who starts it, and else by its own second start.

/// One variable.
struct Variable {
    name: &'static str,
    /// What it is set to where the user has chosen nothing.
    value: &'static str,
    /// Variables by which a user has chosen already, itself among them.
    chosen_by: &'static [&'static str],
}

/// All of them.
const WANTED: [Variable; 2] = [
    // OpenMP's threads sleep while they wait for each other, not spin: fine on an empty machine, spinning makes a training
    // step take ten times as long next to one other busy process.
    Variable { name: "OMP_WAIT_POLICY", value: "passive", chosen_by: &["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"] },
    // Large pages for what glibc's malloc hands out, where the system leaves that to programs: 0.98 of the time of a step.
    Variable { name: "GLIBC_TUNABLES", value: "glibc.malloc.hugetlb=1", chosen_by: &["GLIBC_TUNABLES"] },
];

/// Names and values of those that are to be set, in an environment whose variables `is_set` knows.
fn unset(is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let wanted = WANTED.into_iter().filter(move |variable| !variable.chosen_by.iter().any(|name| is_set(name)));
    wanted.map(|variable| (variable.name, variable.value))
}

/// Names and values of those that are to be set in the environment of this process.
pub fn unset_here() -> impl Iterator<Item = (&'static str, &'static str)> {
    unset(|name| std::env::var_os(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::unset;

    #[test]
    fn what_a_user_chose_stays() {
        let names = |set: &[&str]| unset(|name| set.contains(&name)).map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&[]), ["OMP_WAIT_POLICY", "GLIBC_TUNABLES"]);
        assert_eq!(names(&["GOMP_SPINCOUNT"]), ["GLIBC_TUNABLES"]);
        assert_eq!(names(&["GLIBC_TUNABLES"]), ["OMP_WAIT_POLICY"]);
        assert!(names(&["OMP_WAIT_POLICY", "GLIBC_TUNABLES"]).is_empty());
    }
}
