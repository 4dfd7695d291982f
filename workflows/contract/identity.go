package contract

// Identity is what can't be renamed of an access at its target, in the words of the target's kind. A part is empty
// where the target has nothing of the sort, or does not show it.
type Identity struct {
	// Target is the target's own: the same address may lead to another system tomorrow.
	Target string `json:"target,omitempty"`
	// ID is that of the subject and of what it holds there.
	ID string `json:"id,omitempty"`
}

// On returns the ID where it means something: at the target that it was taken from.
func (i Identity) On(target string) string {
	if i.Target != target {
		return ""
	}
	return i.ID
}
