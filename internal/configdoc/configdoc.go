// Package configdoc describes curfew.yaml: every key with its type, its default, its bounds and one sentence, as the tags
// of the configuration's structs and of the kinds' settings have them. A page and a JSON Schema are made of that.
package configdoc

import "curfew/internal/config"

// Type is what is written for a key.
type Type string

// The types. Duration and Secret are texts of a form of their own.
const (
	Text     Type = "text"
	Duration Type = "duration"
	Secret   Type = "secret"
	Number   Type = "number"
	Truth    Type = "true or false"
	Section  Type = "section" // of keys that are known
	Names    Type = "names"   // of the user's choice, each with a value
	List     Type = "list"
	Either   Type = "either" // of several forms
)

// Shape is what a value looks like.
type Shape struct {
	Type    Type
	Title   string   // of one of several forms, for people
	Choices []string // of a text; nil for any
	Keys    []Key    // of a section
	One     bool     // exactly one of the keys of the section is written
	Of      *Shape   // the items of a list, or the values of names
	Forms   []Shape
	Min     string // of a duration or number; empty for none
	Max     string
}

// Key is one key of a section.
type Key struct {
	Name      string
	Doc       string // one sentence
	Default   string
	Otherwise string // the default in words, where it depends
	Required  bool   // in its section
	Inherited bool   // what is required of it may be said elsewhere: by the defaults of templates
	Shape     Shape
}

// Describe returns the keys of curfew.yaml, with those of the kinds that a program knows.
func Describe(kinds config.Kinds) []Key {
	d := describer{kinds: kinds}
	return d.struc(config.Config{}, "yaml")
}
