package configdoc

import (
	"cmp"
	"fmt"
	"strings"
)

const pageTop = `# Every key of curfew.yaml

[configure.md](configure.md) says how to write the file; this page lists every key. Editors show the same with the JSON Schema that
` + "`curfew config schema`" + ` prints. The names of your choice, of people, targets, templates and so on, stand here as ` + "`<name>`" + `.

A secret is a reference, ` + "`env:NAME` or `file:/path`" + `. A duration is written like ` + "`30m`, `2h` or `1h30m`" + `, and is longer than zero.
`

// likeTemplates is the section that has the keys of one template.
const likeTemplates = "defaults"

// Page is the page of all keys, in Markdown.
func Page(keys []Key) string {
	p := &page{}
	p.text.WriteString(pageTop)
	for _, key := range keys {
		fmt.Fprintf(&p.text, "\n## %s\n\n%s\n", key.Name, key.Doc)
		if key.Name != likeTemplates {
			p.table(key.Name, key.Shape)
		}
	}
	return p.text.String()
}

// page is what is being written.
type page struct {
	text strings.Builder
	open bool // a table is
}

// table lists the keys below a path, and opens another table for each kind that has keys of its own.
func (p *page) table(path string, shape Shape) {
	p.open = false
	p.below(path, shape)
	p.open = false
}

func (p *page) row(path string, key Key) {
	if !p.open {
		p.text.WriteString("\n| key | type | default | meaning |\n|---|---|---|---|\n")
		p.open = true
	}
	usual := cmp.Or(key.Otherwise, "–")
	switch {
	case key.Default != "":
		usual = "`" + key.Default + "`"
	case key.Required:
		usual = "required"
	case key.Shape.Type == Truth && key.Otherwise == "":
		usual = "`false`"
	}
	fmt.Fprintf(&p.text, "| `%s` | %s | %s | %s |\n", path, typeOf(key.Shape), escape(usual), escape(key.Doc))
}

func (p *page) below(path string, shape Shape) {
	switch shape.Type {
	case Section:
		for _, key := range shape.Keys {
			here := path + "." + key.Name
			if key.Shape.Type != Section || !isSystem(key) {
				p.row(here, key)
			}
			p.below(here, key.Shape)
		}
	case Names:
		p.below(path+".<name>", *shape.Of)
	case List:
		p.below(path+"[]", *shape.Of)
	case Either:
		for _, form := range shape.Forms {
			if form.Title != "" {
				fmt.Fprintf(&p.text, "\n### %s: kind %s\n", path, form.Title)
				p.open = false
			}
			p.below(path, form)
		}
	default:
	}
}

// isSystem is true for a section that only groups a kind's settings.
func isSystem(key Key) bool { return strings.HasPrefix(key.Doc, "The settings of ") }

// typeOf says in words what is written for a key.
func typeOf(shape Shape) string {
	words := string(shape.Type)
	switch shape.Type {
	case Text:
		if len(shape.Choices) > 0 {
			words = "`" + strings.Join(shape.Choices, "`, `") + "`"
		}
	case List:
		words = "list of " + typeOf(*shape.Of)
	case Names:
		words = "names, each with: " + typeOf(*shape.Of)
	case Either:
		forms := make([]string, len(shape.Forms))
		for i, form := range shape.Forms {
			forms[i] = typeOf(form)
		}
		words = strings.Join(forms, ", or ")
	default:
	}
	switch {
	case shape.Type == List && shape.Max != "":
		words += ", at most " + shape.Max
	case shape.Min != "" && shape.Max != "":
		words += fmt.Sprintf(", %s to %s", shape.Min, shape.Max)
	case shape.Min != "":
		words += ", at least " + shape.Min
	}
	return words
}

func escape(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
