package vendorcontract

import (
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// fill adds what the cut-down document of PagerDuty leaves out of the API: reading a service, whose schema it has.
func fill(name string, doc *openapi3.T) {
	const path = "/services/{id}"
	if !strings.HasPrefix(name, "pagerduty") || doc.Paths.Value(path) != nil || doc.Components == nil {
		return
	}
	reply := openapi3.NewObjectSchema().
		WithPropertyRef("service", doc.Components.Schemas["Service"]).
		WithRequired([]string{"service"})
	read := openapi3.NewOperation()
	for _, parameter := range []string{"id", "header_Accept", "header_Content-Type"} {
		read.Parameters = append(read.Parameters, doc.Components.Parameters[parameter])
	}
	success := &openapi3.ResponseRef{
		Value: openapi3.NewResponse().WithDescription("The service.").WithJSONSchema(reply),
	}
	missing := doc.Components.Responses["NotFound"]
	read.Responses = openapi3.NewResponses(
		openapi3.WithStatus(http.StatusOK, success),
		openapi3.WithStatus(http.StatusNotFound, missing),
	)
	doc.Paths.Set(path, &openapi3.PathItem{Get: read})
}
