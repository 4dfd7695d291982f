package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"curfew/workflows/contract"
)

// page is text for a terminal. All that goes onto it is made printable: requests carry what other people typed, and an
// escape sequence in it could rewrite the reader's screen.
type page struct {
	text  strings.Builder
	table *tabwriter.Writer
}

func newPage() *page {
	p := &page{}
	p.table = tabwriter.NewWriter(&p.text, 0, 0, 2, ' ', 0)
	return p
}

// row adds cells that are aligned with those of the rows above and below.
func (p *page) row(cells ...string) {
	clean := make([]string, len(cells))
	for i, cell := range cells {
		clean[i] = printable(cell)
	}
	_, _ = io.WriteString(p.table, strings.Join(clean, "\t")+"\n") // a strings.Builder takes everything
}

// fact adds a row unless there is nothing to say.
func (p *page) fact(name, value string) {
	if value != "" {
		p.row(name, value)
	}
}

// facts adds what a request says that it is for.
func (p *page) facts(facts []contract.Fact) {
	for _, fact := range facts {
		p.row(strings.ToLower(fact.Label), fact.Value)
	}
}

// print writes the page.
func (p *page) print(w io.Writer) error {
	if err := p.table.Flush(); err != nil {
		return fmt.Errorf("lay out the answer: %w", err)
	}
	if _, err := io.WriteString(w, p.text.String()); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// printable shows whatever is not plainly visible, on one line, the way Go would write it in a string.
func printable(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}
