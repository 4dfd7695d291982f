package vendorcontract

import (
	"net/http"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Where documents and the systems that they describe are known to differ, the systems are right.

// tooNarrow are properties of Jira Data Center that the document says are strings or objects, and that take any JSON.
var tooNarrow = map[string]string{"EntityPropertyBean": "value", "IssueBean": "fields", "IssueUpdateBean": "fields"}

// amend takes out of a document what the systems don't keep to.
func (c *Contract) amend(doc *openapi3.T) {
	// Who may call is the stand-in's own matter; and Lightrun's scheme has a name that OpenAPI does not allow.
	doc.Security = nil
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			operation.Security = nil
			typed(operation.Parameters)
		}
	}
	if doc.Components == nil {
		return
	}
	doc.Components.SecuritySchemes = nil
	if !strings.HasPrefix(c.name, "jira-dc") {
		return
	}
	for name, property := range tooNarrow {
		if schema := doc.Components.Schemas[name]; schema != nil {
			schema.Value.Properties[property] = openapi3.NewSchemaRef("", openapi3.NewSchema())
		}
	}
}

// typed lets a parameter be text of which the document does not say what it is: ServiceNow's says it of none, and the
// library would take what it can't decode for missing.
func typed(parameters openapi3.Parameters) {
	for _, parameter := range parameters {
		if schema := parameter.Value.Schema; schema != nil && schema.Value.IsEmpty() {
			schema.Value.Type = &openapi3.Types{openapi3.TypeString}
		}
	}
}

// formats are what the words of "format" mean. Jira leaves the colon out of a time's offset.
func (c *Contract) formats() []openapi3.SchemaValidationOption {
	layouts := []string{time.RFC3339Nano}
	if strings.HasPrefix(c.name, "jira") {
		layouts = append(layouts, "2006-01-02T15:04:05.000-0700")
	}
	dateTime := openapi3.NewCallbackValidator(func(text string) (err error) {
		for _, layout := range layouts {
			if _, err = time.Parse(layout, text); err == nil {
				return nil
			}
		}
		return err
	})
	options := []openapi3.SchemaValidationOption{
		openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidator("date-time", dateTime),
	}
	if !c.modern {
		options = append(options, openapi3.DisableSchemaErrorDetails()) // newer documents have no such details
	}
	return options
}

// options says which parts of a reply count.
func (c *Contract) options(route *routers.Route, status int) *openapi3filter.Options {
	return &openapi3filter.Options{
		// Documents seldom list every error, but success has to be one that they list.
		IncludeResponseStatus:   status < http.StatusBadRequest,
		ExcludeResponseBody:     status == http.StatusNoContent || borrowed(route.Operation, status),
		SchemaValidationOptions: c.formats(),
	}
}

// borrowed is true when an error is said to look like success: some generators of documents put the successful body in
// the place of one that nobody described.
func borrowed(operation *openapi3.Operation, status int) bool {
	if status < http.StatusBadRequest {
		return false
	}
	failure := schemaOf(operation, status)
	for success := http.StatusOK; failure != "" && success < http.StatusMultipleChoices; success++ {
		if schemaOf(operation, success) == failure {
			return true
		}
	}
	return false
}

func schemaOf(operation *openapi3.Operation, status int) string {
	reply := operation.Responses.Status(status)
	if reply == nil || reply.Value == nil {
		return ""
	}
	for _, content := range reply.Value.Content {
		if content.Schema != nil {
			return content.Schema.Ref
		}
	}
	return ""
}
