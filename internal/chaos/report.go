package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"curfew/internal/chaos/judge"
)

// recordFile is what Again judges.
const recordFile = "record.json"

// judge puts the record together, keeps it, and prints what follows from it.
func (r *run) judge(ctx context.Context) (kept bool, err error) {
	record, err := r.record(ctx)
	if err != nil {
		return false, fmt.Errorf("put the record together: %w", err)
	}
	if err := keep(r.Dir, recordFile, record); err != nil {
		return false, err
	}
	var text bytes.Buffer
	r.head(ctx, &text, record)
	verdict := judge.Judge(record)
	if err := keep(r.Dir, "verdict.json", verdict); err != nil {
		return false, err
	}
	kept, err = conclude(verdict, r.Length, &text)
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "table.txt"), text.Bytes(), 0o600); err != nil {
		return false, err
	}
	_, err = r.Out.Write(text.Bytes())
	return kept, err
}

// Again judges the record of an earlier run.
func Again(dir string, out io.Writer) (kept bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return false, err
	}
	var record judge.Record
	if err := json.Unmarshal(text, &record); err != nil {
		return false, fmt.Errorf("read the record of %s: %w", dir, err)
	}
	return conclude(judge.Judge(record), 0, out)
}

// conclude prints the verdict. A run of the whole length has to have enough ends with nothing wrong.
func conclude(verdict judge.Verdict, length time.Duration, out io.Writer) (kept bool, err error) {
	if err := verdict.Write(out); err != nil {
		return false, err
	}
	quiet := verdict.Quiet()
	fmt.Fprintf(out, "\n%d ends with nothing wrong within 20 s before their deadline\n", quiet)
	kept = len(verdict.Violations) == 0
	if length >= wholePlan && quiet < enough {
		fmt.Fprintf(out, "that is less than %d: too few to judge by\n", enough)
		kept = false
	}
	if kept {
		fmt.Fprintln(out, "all promises were kept")
	} else {
		fmt.Fprintf(out, "%d violations\n", len(verdict.Violations))
	}
	return kept, nil
}

// head says what was played, and how well it was watched.
func (r *run) head(ctx context.Context, out io.Writer, record judge.Record) {
	fmt.Fprintf(
		out,
		"\nseed %d, commit %s, ledger %s, %s, %d requests\n",
		r.Seed,
		r.Commit,
		r.Ledger,
		r.Length,
		len(record.Requests),
	)
	played := map[string]int{}
	for _, fault := range r.plan.Faults {
		played[string(fault.Kind)]++
	}
	for _, said := range record.Said {
		if said.By == "writer" {
			played[string(said.Act)]++
		}
	}
	fmt.Fprintf(out, "faults: %s\n", counted(played))
	for _, left := range r.left {
		fmt.Fprintf(out, "left out: %s\n", left)
	}
	for _, failed := range r.injector.failed {
		fmt.Fprintf(out, "could not be played: %s\n", failed)
	}
	for _, fault := range record.Faults {
		if strings.HasSuffix(fault.What, byItself) {
			const clock = "15:04:05.000"
			fmt.Fprintf(
				out,
				"%s at %s; it ran again at %s\n",
				fault.What,
				fault.From.UTC().Format(clock),
				fault.To.UTC().Format(clock),
			)
		}
	}
	for name, looks := range r.observer.Looks() {
		fmt.Fprintf(
			out,
			"looks at %s: %d, %d failed, at most %.2f s apart\n",
			name,
			looks.Number,
			looks.Failed,
			looks.Longest.Seconds(),
		)
	}
	if alarms, err := r.world.Ledger.Alarms(ctx); err == nil {
		raised := map[string]int{}
		for kind, number := range alarms {
			raised[string(kind)] = number
		}
		fmt.Fprintf(out, "alarms: %s\n", counted(raised))
	}
	fmt.Fprintln(out)
}

// counted is how often each of some things was there.
func counted(number map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(number)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, number[name]))
	}
	return strings.Join(parts, ", ")
}

// keep writes something into the folder of a run.
func keep(dir, name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), text, 0o600)
}

// markerOf is the marker of a comment: what its last line says after "curfew: ".
func markerOf(body string) string {
	body = strings.TrimSpace(body)
	return strings.TrimPrefix(body[strings.LastIndexByte(body, '\n')+1:], "curfew: ")
}
