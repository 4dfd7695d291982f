package compose

import (
	"strings"
	"time"

	"curfew/internal/config"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// OpenKeys opens the files with keys and shared secrets that a configuration names, as servers and workers do when they
// start, and returns what is wrong with them.
func OpenKeys(file string, configured *config.Config) (mistakes config.Errors) {
	note := func(field string, err error) {
		if err == nil {
			return
		}
		problem := contract.AsProblem(err)
		fault := problem.Fault
		switch {
		case strings.HasPrefix(problem.Field, "seals.") || strings.HasPrefix(problem.Field, "server."):
			field = problem.Field
		case problem.Field != "": // of the file itself
			fault = problem.Field + ": " + fault
		}
		mistakes = append(mistakes, config.Mistake{File: file, Field: field, Fault: fault, Fix: problem.Fix})
	}
	var signs *seal.Signer
	if seals := configured.Seals; seals.Keys != "" {
		keys, err := seal.ReadKeys(seals.Keys)
		if err != nil { // without it nothing can be said of the others
			note("seals.keys", err)
			return mistakes
		}
		verifier, err := seal.NewVerifier(keys, time.Now)
		if err != nil {
			note("seals.keys", err)
			return mistakes
		}
		if seals.Key != "" {
			signs, err = server(seals, verifier)
			note("seals.key", err)
		}
		if seals.Decider != "" {
			_, err = decider(seals, verifier)
			note("seals.decider", err)
		}
	}
	_, err := secrets(configured, signs)
	note("server.secretFiles", err)
	return mistakes
}
