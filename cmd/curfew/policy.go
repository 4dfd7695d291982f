package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"curfew/activities/target/kinds"
	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/internal/policy/rehearsal"
	"curfew/workflows/contract"
)

func (p *program) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "policy", Short: "Try the rules, and see why they decided as they did", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.policyTestCommand(), p.policyExplainCommand())
	return c
}

func (p *program) policyTestCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "test FILE",
		Short: "Decide made-up requests, and say which are not decided as they should be",
		Long: `Decide made-up requests, and say which are not decided as they should be.

FILE is a table of cases in YAML; docs/policy.md shows one. No server is asked, and no secret is read. The exit code is 1
when a case is not decided as it should be.`,
		Example: "  curfew policy test --config curfew.yaml policy-cases.yaml",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return p.testPolicy(file, args[0]) },
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

// tried is what `policy test -o json` prints of a case.
type tried struct {
	Name        string                 `json:"name"`
	Right       bool                   `json:"right"`
	Differences []rehearsal.Difference `json:"differences,omitempty"`
	Decision    contract.Decision      `json:"decision"`
}

func (p *program) testPolicy(file, table string) error {
	configured, err := config.LoadRules(file, kinds.ForConfig())
	if err != nil {
		return err
	}
	cases, err := rehearsal.Read(table)
	if err != nil {
		return err
	}
	all, wrong := make([]tried, len(cases)), 0
	for i, one := range cases {
		outcome, err := rehearsal.Play(configured, one, p.now())
		if err != nil {
			return err
		}
		all[i] = tried{one.Name, len(outcome.Differences) == 0, outcome.Differences, outcome.Explanation.Decision}
		if !all[i].Right {
			wrong++
		}
	}
	var failed error
	if wrong > 0 {
		failed = fmt.Errorf("%d of %d cases are not decided as they should be", wrong, len(cases))
	}
	if p.output == outputJSON {
		return errors.Join(p.object(all), failed)
	}
	page := triedText(all)
	return errors.Join(page.print(p.stdout), failed)
}

func triedText(all []tried) *page {
	page := newPage()
	for _, one := range all {
		if one.Right {
			page.row("right  " + one.Name)
			continue
		}
		page.row("WRONG  " + one.Name)
		for _, difference := range one.Differences {
			page.row("       - " + difference.Field + ": " + difference.Want)
			page.row("       + " + difference.Field + ": " + difference.Got)
		}
	}
	return page
}

func (p *program) policyExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain FILE",
		Short: "Show what a stored decision was made of, and make it again",
		Long: `Show what a stored decision was made of, and make it again.

FILE holds the decision as JSON: what the activity policy.Decide answered, as Temporal's Web UI shows it in the request's
history; - reads it from standard input. The exit code is 1 when the same facts are decided in another way by this release.`,
		Example: "  curfew policy explain decision.json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return p.explain(c.InOrStdin(), args[0]) },
	}
}

// maxExplanation bounds a stored decision, in bytes.
const maxExplanation = 4 << 20

func (p *program) explain(in io.Reader, file string) error {
	stored, err := readExplanation(in, file)
	if err != nil {
		return usageError(file, "copy the result of a policy.Decide activity again", "%v", err)
	}
	again := policy.Explain(stored.Facts)
	var failed error
	if !reflect.DeepEqual(normal(again.Decision), normal(stored.Decision)) {
		failed = fmt.Errorf("this release decides otherwise: %s, because %s", again.Decision.Ruling, again.Decision.Why)
	}
	if p.output == outputJSON {
		return errors.Join(p.object(stored), failed)
	}
	page := newPage()
	explanationText(page, stored)
	return errors.Join(page.print(p.stdout), failed)
}

// normal is a decision without what differs only in how it was written.
func normal(d contract.Decision) contract.Decision {
	return contract.Decision{Ruling: d.Ruling, Why: d.Why, Approvals: d.Approvals, Needed: d.Needed, Duration: d.Duration}
}

func readExplanation(in io.Reader, file string) (policy.Explanation, error) {
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return policy.Explanation{}, err
		}
		defer opened.Close() //nolint:errcheck // only read from
		in = opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxExplanation+1))
	if err == nil && len(text) > maxExplanation {
		err = fmt.Errorf("it is larger than %d MiB", maxExplanation>>20)
	}
	if err != nil {
		return policy.Explanation{}, err
	}
	var decision contract.Decision
	if err := json.Unmarshal(text, &decision); err != nil {
		return policy.Explanation{}, err
	}
	if len(decision.Explanation) == 0 {
		return policy.Explanation{}, errors.New("it holds no explanation")
	}
	return policy.Unpack(decision.Explanation)
}

func explanationText(page *page, e policy.Explanation) {
	request := e.Facts.Request
	page.row("request", request.ID)
	page.row("template", request.Template+" "+contract.Shorten(request.Terms.Digest, 12))
	switch {
	case e.Facts.Present == nil:
		page.row("template now", "gone")
	case e.Facts.Present.Digest != request.Terms.Digest:
		page.row("template now", contract.Shorten(e.Facts.Present.Digest, 12)+": the stricter of both holds")
	}
	page.row("decided", e.Facts.Now.UTC().Format("2006-01-02 15:04:05 UTC"))
	page.row("ruling", string(e.Decision.Ruling))
	page.row("why", e.Decision.Why)
	for _, rule := range e.Decision.Rules {
		page.row("rule "+rule.Name, fmt.Sprintf("%d of %d approvals (%s), %d of %d denials (%s)",
			len(rule.Approvals), rule.Needed, strings.Join(rule.Approvals, ", "), len(rule.Denials), rule.Deny, strings.Join(rule.Denials, ", ")))
	}
	for _, value := range e.Conditions {
		text := "does not hold"
		if value.Holds {
			text = "holds"
		}
		page.row("condition "+value.Name, text+": "+value.Condition+because(value.Problem))
	}
}
