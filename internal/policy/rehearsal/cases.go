// Package rehearsal tests the templates of a configuration with made-up requests, so that a change of the rules can be
// tested before it applies to real ones.
package rehearsal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v4"

	"curfew/workflows/contract"
)

const (
	maxFile  = 1 << 20
	maxCases = 10_000
)

// Case is one made-up request, and what is to become of it.
type Case struct {
	Name      string            `yaml:"name"`
	Template  string            `yaml:"template"`
	Requester string            `yaml:"requester"`
	Subject   string            `yaml:"subject"`  // the requester when left out
	Duration  contract.Duration `yaml:"duration"` // the template's default when left out
	Reason    string            `yaml:"reason"`
	// Time is when it is decided, and Asked when it was asked: at the same time when left out.
	Time       time.Time           `yaml:"time"`
	Asked      time.Time           `yaml:"asked"`
	StartAt    time.Time           `yaml:"startAt"`
	BreakGlass bool                `yaml:"breakGlass"`
	Groups     map[string][]string `yaml:"groups"` // in the place of those in the configuration, group by group
	Ticket     *Ticket             `yaml:"ticket"`
	Incident   *Incident           `yaml:"incident"`
	Extension  *Extension          `yaml:"extension"`
	Reviews    []Review            `yaml:"reviews"`
	Want       Want                `yaml:"want"`
}

// Ticket is one that the tracker has, unless it says that it is missing.
type Ticket struct {
	Key      string `yaml:"key"`
	Missing  bool   `yaml:"missing"`
	Status   string `yaml:"status"`
	Done     bool   `yaml:"done"`
	Assignee string `yaml:"assignee"`
	Reporter string `yaml:"reporter"`
}

// Incident is one that the incident system has, unless it says that it is missing.
type Incident struct {
	ID           string `yaml:"id"`
	Missing      bool   `yaml:"missing"`
	Service      string `yaml:"service"`
	Urgency      string `yaml:"urgency"`
	Open         bool   `yaml:"open"`
	Acknowledged bool   `yaml:"acknowledged"`
	OnCall       int    `yaml:"onCall"` // the level at which the requester is on call
}

// Extension is an ask for a later end, instead of the request itself.
type Extension struct {
	By      contract.Duration `yaml:"by"`
	Earlier int               `yaml:"earlier"` // extensions before it
	Added   contract.Duration `yaml:"added"`   // by all before it
	Anew    bool              `yaml:"anew"`    // the reviews are of the extension
}

// Review is one reviewer's approve or deny.
type Review struct {
	By       string            `yaml:"by"`
	Verdict  contract.Verdict  `yaml:"verdict"`
	After    contract.Duration `yaml:"after"` // since the request was asked
	Duration contract.Duration `yaml:"duration"`
}

// Want is what is to become of a request. What is left out may be anything, but not the ruling.
type Want struct {
	Ruling   contract.Ruling   `yaml:"ruling"`
	Why      string            `yaml:"why"`
	Duration contract.Duration `yaml:"duration"` // how long it is granted for
	From     []string          `yaml:"from"`     // who may review
}

// Read reads a file of cases. The error is for the person who wrote it.
func Read(file string) ([]Case, error) {
	text, err := read(file)
	if err != nil {
		return nil, refused(file, "name a file that holds cases and that you may read", err)
	}
	var table struct {
		Cases []Case `yaml:"cases"`
	}
	if err := yaml.Load(text, &table, yaml.WithKnownFields(true)); err != nil {
		return nil, refused(file, "docs/policy.md shows how cases are written", err)
	}
	if len(table.Cases) == 0 || len(table.Cases) > maxCases {
		return nil, refused(
			file,
			fmt.Sprintf("list 1 to %d below cases", maxCases),
			fmt.Errorf("it has %d cases", len(table.Cases)),
		)
	}
	for i := range table.Cases {
		if err := table.Cases[i].check(); err != nil {
			return nil, refused(
				file,
				"docs/policy.md shows how cases are written",
				fmt.Errorf("case %d (%s): %w", i+1, table.Cases[i].Name, err),
			)
		}
	}
	return table.Cases, nil
}

func read(file string) (text []byte, err error) {
	source, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	var kept bytes.Buffer
	if _, err := io.Copy(&kept, io.LimitReader(source, maxFile+1)); err != nil {
		return nil, err
	}
	if kept.Len() > maxFile {
		return nil, fmt.Errorf("it is larger than %d KiB", maxFile>>10)
	}
	return kept.Bytes(), nil
}

// check refuses a case that would test nothing.
func (one Case) check() error {
	switch {
	case one.Template == "" || one.Requester == "":
		return errors.New("template and requester must be there")
	case one.Want.Ruling != contract.RulingGrant && one.Want.Ruling != contract.RulingReview && one.Want.Ruling != contract.RulingDeny:
		return fmt.Errorf(
			"want.ruling is %q, and must be grant, review or deny",
			contract.Shorten(string(one.Want.Ruling), 40),
		)
	}
	for _, review := range one.Reviews {
		if review.Verdict != contract.VerdictApprove && review.Verdict != contract.VerdictDeny {
			return fmt.Errorf(
				"the verdict of %s is %q, and must be approve or deny",
				review.By,
				contract.Shorten(string(review.Verdict), 40),
			)
		}
	}
	return nil
}

func refused(file, fix string, err error) error {
	return contract.Invalid("%v", err).At(file).Advise(fix)
}
