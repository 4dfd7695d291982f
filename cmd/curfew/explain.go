package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

func (p *program) policyExplainCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "explain [REQUEST]",
		Short: "Show how a request was decided, and replay the decision",
		Long: `Show how a request was decided, and replay the decision.

Curfew shows every decision about the request and its extensions with the facts behind it, oldest first, from the ledger. --file
reads the output of -o json and needs no server. The exit code is 1 if this release decides the same facts differently.`,
		Example: "  curfew policy explain 01KAS3T4M5X6Y7Z8A9B0C1D2E3\n  curfew policy explain --file decisions.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if (file == "") == (len(args) == 0) {
				return contract.Invalid("one of both is needed").
					At("REQUEST").
					Advise("name a request, or a file with --file")
			}
			decisions, err := p.decisions(c.Context(), c.InOrStdin(), file, args)
			if err != nil {
				return err
			}
			return p.explain(decisions)
		},
	}
	c.Flags().StringVar(&file, "file", "", "read the decisions from this `file`; - is standard input")
	return c
}

func (p *program) decisions(ctx context.Context, in io.Reader, file string, args []string) (api.Decisions, error) {
	if file != "" {
		list, err := readDecisions(in, file)
		if err != nil {
			err = contract.Invalid("%v", err).
				At(file).
				Advise("write it again with curfew policy explain REQUEST -o json")
		}
		return list, err
	}
	remote, err := p.remote()
	if err != nil {
		return api.Decisions{}, err
	}
	answer, err := remote.Decisions(ctx, args[0])
	return answer.Value, err
}

// maxDecisions bounds the decisions of one request in a file, in bytes.
const maxDecisions = 64 << 20

func readDecisions(in io.Reader, file string) (list api.Decisions, err error) {
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return list, err
		}
		defer opened.Close() //nolint:errcheck // only read from
		in = opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxDecisions+1))
	switch {
	case err != nil:
		return list, err
	case len(text) > maxDecisions:
		return list, fmt.Errorf("it is larger than %d MiB", maxDecisions>>20)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return list, err
	}
	if len(list.Decisions) == 0 {
		return list, errors.New("it holds no decision")
	}
	return list, nil
}

func (p *program) explain(list api.Decisions) error {
	page := newPage()
	var otherwise []error
	for _, decision := range list.Decisions {
		stored, err := policy.Unpack(decision.Explanation)
		if err != nil {
			return err
		}
		p.explanationText(page, decision, stored)
		again := policy.Explain(stored.Facts).Decision
		if !reflect.DeepEqual(normal(again), normal(stored.Decision)) {
			otherwise = append(
				otherwise,
				fmt.Errorf("this release decides otherwise: %s, because %s", again.Ruling, again.Why),
			)
		}
	}
	if len(list.Decisions) == 0 {
		page.row("nothing has been decided yet")
	}
	if p.output == outputJSON {
		return errors.Join(p.object(list), errors.Join(otherwise...))
	}
	return errors.Join(page.print(p.stdout), errors.Join(otherwise...))
}

// normal is a decision without what differs only in how it was written.
func normal(d contract.Decision) contract.Decision {
	return contract.Decision{
		Ruling:    d.Ruling,
		Why:       d.Why,
		Approvals: d.Approvals,
		Needed:    d.Needed,
		Duration:  d.Duration,
	}
}

func (p *program) explanationText(page *page, decision ledger.Decision, e policy.Explanation) {
	request := e.Facts.Request
	page.row("decided", p.moment(decision.At))
	about := "the request " + request.ID
	if x := e.Facts.Extension; x != nil {
		about = fmt.Sprintf("an extension of %s, to %s in all", request.ID, x.Total)
	}
	page.row("about", about)
	page.row("template", request.Template+" "+contract.Shorten(request.Terms.Digest, 12))
	switch {
	case e.Facts.Present == nil:
		page.row("template now", "gone")
	case e.Facts.Present.Digest != request.Terms.Digest:
		page.row("template now", contract.Shorten(e.Facts.Present.Digest, 12)+": the stricter of both holds")
	}
	page.row("ruling", string(decision.Ruling))
	page.row("why", decision.Why)
	if !decision.Until.IsZero() {
		page.row("at the latest until", p.moment(decision.Until))
	}
	for _, rule := range e.Decision.Rules {
		page.row("rule "+rule.Name, fmt.Sprintf(
			"%d of %d approvals (%s), %d of %d denials (%s)",
			len(
				rule.Approvals,
			),
			rule.Needed,
			strings.Join(rule.Approvals, ", "),
			len(rule.Denials),
			rule.Deny,
			strings.Join(rule.Denials, ", "),
		))
	}
	for _, value := range e.Conditions {
		text := "does not hold"
		if value.Holds {
			text = "holds"
		}
		page.row("condition "+value.Name, text+": "+value.Condition+because(value.Problem))
	}
	page.row("")
}
