package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"curfew/internal/bench/report"
)

// cores are what is computed without any server: benchmarks of the packages themselves, by their names.
var cores = []struct{ benchmark, name, title string }{
	{
		"BenchmarkDecideWithTenConditions",
		"decide",
		"decide on a template with ten conditions, when the facts are there",
	},
	{"BenchmarkSeal", "seal", "seal a fact"},
	{"BenchmarkVerify", "verify", "verify a seal"},
	{"BenchmarkAllows", "verify-chain", "verify a target's whole chain: request, reviews, decision"},
}

// core runs those benchmarks.
func (r *run) core(ctx context.Context) error {
	out, err := exec.CommandContext(
		ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(DecideWithTenConditions|Seal|Verify|Allows)$",
		"./internal/policy", "./internal/seal",
	).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	found := operations(out)
	for _, c := range cores {
		took, there := found[c.benchmark]
		if !there {
			return fmt.Errorf("there is no %s: %s", c.benchmark, out)
		}
		r.add(report.Figure{Name: c.name, Title: c.title, Unit: report.Microseconds, Measure: took})
	}
	return nil
}

// operations reads what `go test -bench` prints.
func operations(out []byte) map[string]report.Measure {
	found := map[string]report.Measure{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var name string
		var n int
		var nanoseconds float64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d %f ns/op", &name, &n, &nanoseconds); err == nil {
			name, _, _ = strings.Cut(name, "-") // how many processors it had
			found[name] = report.Value(nanoseconds/1000, n)
		}
	}
	return found
}
