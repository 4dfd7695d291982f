package starter

import "curfew/workflows/contract"

// seal vouches for a fact that the server has checked: every fact on its way into Temporal passes here, and nothing
// else makes a contract.Sealed. The server has no sealing key yet, so the seal is empty.
func seal[T any](fact T) contract.Sealed[T] { return contract.Sealed[T]{Fact: fact} }
