// Package bench measures a whole Curfew, and beside each figure what the same Temporal server needs for the least that
// does the same. docs/performance.md is made from what it finds.
package bench

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

// patience is far longer than anything takes that is waited for at the target.
const patience = 15 * time.Minute

// Sizes say how much is measured.
type Sizes struct {
	Lives        int
	Bursts       []int // how many ask at the same moment
	BurstSamples int   // bursts are repeated until there are as many
	Life         time.Duration
}

// Options of a run.
type Options struct {
	Only   *regexp.Regexp // the names of the parts that run
	Sizes  Sizes
	Dir    string   // where databases and logs are kept
	Curfew string   // the program that is measured
	Bare   []string // the command that runs the worker of the floor
	Out    io.Writer
}

// run is one run.
type run struct {
	Options
	world  *world.World
	report *report.Report
}

// part measures figures of one kind.
type part struct {
	name    string
	people  func(Sizes) int // how many it needs who have asked for nothing
	measure func(*run, context.Context) error
}

var parts = []part{
	{"life", func(Sizes) int { return 1 }, (*run).life},
	{"lives", func(s Sizes) int { return s.Lives }, (*run).lives},
	{"burst", peopleOfBursts, (*run).bursts},
}

// Run measures, and returns what it found.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	people := 0
	for _, p := range parts {
		if o.Only.MatchString(p.name) {
			people += p.people(o.Sizes)
		}
	}
	r := &run{Options: o, report: report.New(ctx)}
	var err error
	r.world, err = world.Open(ctx, world.Options{Dir: o.Dir, Curfew: o.Curfew, Bare: o.Bare, People: people})
	defer r.world.Close()
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if !o.Only.MatchString(p.name) {
			continue
		}
		began := time.Now()
		if err := p.measure(r, ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		r.say("%-10s measured in %s", p.name, time.Since(began).Round(time.Second))
	}
	r.report.Finish()
	return r.report, nil
}

func (r *run) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.Out, format+"\n", args...) // a closed terminal is no reason to stop
}

func (r *run) add(figure report.Figure) { r.report.Figures = append(r.report.Figures, figure) }
