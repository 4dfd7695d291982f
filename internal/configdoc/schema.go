package configdoc

import (
	"encoding/json"
	"strconv"
)

// dialect is the version of JSON Schema.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// The forms of texts, as the reader of the configuration takes them.
const (
	referencePattern = `^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$`
	durationPattern  = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
)

// schema is the part of JSON Schema that is used here.
type schema struct {
	Dialect     string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        any                `json:"type,omitempty"` // one name, or several
	Enum        []string           `json:"enum,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Minimum     *int               `json:"minimum,omitempty"`
	Maximum     *int               `json:"maximum,omitempty"`
	MaxItems    *int               `json:"maxItems,omitempty"`
	Default     any                `json:"default,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	// Additional is false, or what values of other keys look like.
	Additional    any       `json:"additionalProperties,omitempty"`
	MinProperties int       `json:"minProperties,omitempty"`
	MaxProperties int       `json:"maxProperties,omitempty"`
	Items         *schema   `json:"items,omitempty"`
	AnyOf         []*schema `json:"anyOf,omitempty"`
}

// Schema is a JSON Schema of curfew.yaml, for editors. What it refuses the configuration refuses too, but for what is
// only wrong beside something else.
func Schema(keys []Key) ([]byte, error) {
	whole := schemaOf(Shape{Type: Section, Keys: keys})
	whole.Dialect, whole.Title = dialect, "curfew.yaml"
	text, err := json.MarshalIndent(whole, "", "  ")
	return append(text, '\n'), err
}

func schemaOf(shape Shape) *schema {
	switch shape.Type {
	case Duration:
		return &schema{Type: "string", Pattern: durationPattern}
	case Secret:
		return &schema{Type: "string", Pattern: referencePattern}
	case Number:
		return &schema{Type: "integer", Minimum: number(shape.Min), Maximum: number(shape.Max)}
	case Truth:
		return &schema{Type: "boolean"}
	case List:
		return &schema{Type: "array", Items: schemaOf(*shape.Of), MaxItems: number(shape.Max)}
	case Names:
		return &schema{Type: "object", Additional: schemaOf(*shape.Of)}
	case Either:
		either := &schema{}
		for _, form := range shape.Forms {
			either.AnyOf = append(either.AnyOf, schemaOf(form))
		}
		return either
	case Section:
		return sectionOf(shape)
	default: // the configuration takes numbers and truths for the text that they are written as
		if shape.Choices != nil {
			return &schema{Type: "string", Enum: shape.Choices}
		}
		return &schema{Type: []string{"string", "number", "boolean"}}
	}
}

func sectionOf(shape Shape) *schema {
	section := &schema{Title: shape.Title, Type: "object", Additional: false, Properties: map[string]*schema{}}
	if shape.One {
		section.MinProperties, section.MaxProperties = 1, 1
	}
	for _, key := range shape.Keys {
		property := schemaOf(key.Shape)
		property.Description, property.Default = key.Doc, defaultOf(key)
		section.Properties[key.Name] = property
		if key.Required && !key.Inherited {
			section.Required = append(section.Required, key.Name)
		}
	}
	return section
}

// number is that of a bound; nil for none.
func number(bound string) *int {
	if number, err := strconv.Atoi(bound); err == nil {
		return &number
	}
	return nil
}

// defaultOf is a key's default as JSON has it; nil for none.
func defaultOf(key Key) any {
	switch {
	case key.Default == "":
		return nil
	case key.Shape.Type == Number:
		if number, err := strconv.Atoi(key.Default); err == nil {
			return number
		}
	case key.Default == "true" || key.Default == "false":
		return key.Default == "true"
	}
	return key.Default
}
