package delivery

// The change ids of this workflow: one constant for each change of the order or the kind of its commands since the first
// release, with the release that introduced it. An id is never used twice and never removed. docs/upgrades.md says how one
// is added, and TestAChangeBehindAVersionLetsSleepingWorkflowsGoOn shows it.
const ()
