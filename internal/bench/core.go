package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"curfew/internal/bench/report"
)

// cores are what is computed without any server: benchmarks of the packages themselves, by their names, and how often a
// bare signature is made and verified beside each.
var cores = []struct {
	benchmark, name, title string
	signed, verified       int
}{
	{
		"BenchmarkDecideWithTenConditions",
		"decide",
		"decide on a template with ten conditions, when the facts are there",
		0,
		0,
	},
	{"BenchmarkSeal", "seal", "seal a fact", 1, 0},
	{"BenchmarkVerify", "verify", "verify a seal", 0, 1},
	{"BenchmarkAllows", "verify-chain", "verify a target's whole chain: request, two reviews, decision", 0, 4},
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
		figure := report.Figure{Name: c.name, Title: c.title, Unit: report.Microseconds, Measure: took}
		if c.signed+c.verified > 0 {
			if figure.Floor, err = bareSeal(c.signed, c.verified); err != nil {
				return err
			}
		}
		r.add(figure)
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

const (
	// bareTimes is how often bare signatures are timed.
	bareTimes = 5000
	// bareLength is about that of a sealed request, in bytes.
	bareLength = 1024
)

// bareSeal is what the signatures alone take, without reading or writing what is signed.
func bareSeal(signed, verified int) (*report.Floor, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	text := make([]byte, bareLength)
	signature := ed25519.Sign(private, text)
	began := time.Now()
	for range bareTimes {
		for range signed {
			ed25519.Sign(private, text)
		}
		for range verified {
			if !ed25519.Verify(public, text, signature) {
				return nil, errors.New("a signature is not verified by its own key")
			}
		}
	}
	took := float64(time.Since(began).Nanoseconds()) / 1000 / bareTimes
	return &report.Floor{
		What: fmt.Sprintf(
			"bare Ed25519 of %d bytes: signed %d times, verified %d times",
			bareLength,
			signed,
			verified,
		),
		Measure: report.Value(took, bareTimes),
	}, nil
}
