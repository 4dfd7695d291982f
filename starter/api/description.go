package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"curfew/internal/exactjson"
	"curfew/starter/answer"
	"curfew/workflows/contract"
)

// description is the API's, without huma's links to schemas in every body and without its pages, which load scripts
// from elsewhere.
func description() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "Curfew",
				Version: "1",
				Description: "Access to production for a while. Every refusal is an RFC 9457 problem document that names " +
					"the field, the fault and the fix.",
			},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token": {Type: "http", Scheme: "bearer", Description: "The token that stands for a person"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": exact, "json": exact},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

// exact is JSON whose keys are read as they are written.
var exact = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: exactjson.Unmarshal}

// operation is one that needs a token and may answer with a problem document.
func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary,
		Security: []map[string][]string{{"token": {}}},
	}
}

// serveDescription serves the finished description; it doesn't change any more.
func serveDescription(mux *http.ServeMux, openAPI *huma.OpenAPI) {
	for path, render := range map[string]func() ([]byte, error){
		"/openapi.json": func() ([]byte, error) { return json.Marshal(openAPI) },
		"/openapi.yaml": openAPI.YAML,
	} {
		rendered := sync.OnceValues(render)
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			text, err := rendered()
			if err != nil {
				current(r.Context()).cause = fmt.Errorf("render the API's description: %w", err)
				write(w, documentOf(http.StatusInternalServerError, answer.Internal(), ""))
				return
			}
			w.Header().Set("Content-Type", "application/openapi+"+path[len("/openapi."):])
			_, _ = w.Write(text) // nobody is left to hear of it when the caller is gone
		})
	}
}

// explainPurpose says what the fields of a purpose mean, in every schema that has one.
func explainPurpose(openAPI *huma.OpenAPI) {
	fields := contract.PurposeFields()
	for _, schema := range openAPI.Components.Schemas.Map() {
		lacks := func(field contract.PurposeField) bool { return schema.Properties[field.Name] == nil }
		if slices.ContainsFunc(fields, lacks) {
			continue
		}
		for _, field := range fields {
			described := *schema.Properties[field.Name]
			described.Description = fmt.Sprintf("%s; up to %d bytes", field.Meaning, field.Bound)
			if field.Example != "" {
				described.Examples = []any{field.Example}
			}
			schema.Properties[field.Name] = &described
		}
	}
}

func meaningsOf(schema string) map[string]string {
	all := maps.Clone(meanings[schema])
	if schema == "Request" || schema == "Status" {
		maps.Copy(all, asked)
	}
	return all
}

// explain adds to the schemas of other packages' types what their fields mean and which values there are. Only what is
// sent here is closed to other fields: answers may get new ones.
func explain(openAPI *huma.OpenAPI) {
	for name, schema := range openAPI.Components.Schemas.Map() {
		if !strings.HasSuffix(name, "Body") {
			schema.AdditionalProperties = nil
		}
		for property, text := range meaningsOf(name) {
			known, ok := schema.Properties[property]
			if !ok {
				continue
			}
			described := *known
			described.Description = text
			described.Enum = values[name+"."+property]
			schema.Properties[property] = &described
		}
	}
}
