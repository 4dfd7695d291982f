package servicenow

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// term is one condition of an encoded query: a field, an operator, a value.
var term = regexp.MustCompile(`^([a-z_]+)(=|>)(.*)$`)

// find returns the records of a table that an encoded query finds. A condition that it can't make sense of is passed
// over, as ServiceNow does unless it was told otherwise (glide.invalid_query.returns_no_rows).
func (s *Server) find(table, query string, by Account) []record {
	if slices.Contains(by.Hidden, table) {
		return nil
	}
	found := slices.Clone(s.tables[table])
	for _, condition := range strings.Split(query, "^") {
		if field, ordered := strings.CutPrefix(condition, "ORDERBY"); ordered {
			slices.SortStableFunc(found, func(a, b record) int { return cmp.Compare(a[field], b[field]) })
			continue
		}
		parts := term.FindStringSubmatch(condition)
		if len(parts) == 0 || slices.Contains(by.Unasked, parts[1]) {
			continue
		}
		field, operator, value := parts[1], parts[2], evaluate(parts[3], by)
		found = slices.DeleteFunc(found, func(r record) bool {
			has, known := r[field]
			return known && !holds(has, operator, value)
		})
	}
	return found
}

func holds(has, operator, value string) bool {
	if operator == ">" {
		return has > value
	}
	return strings.EqualFold(has, value)
}

// evaluate runs the little of ServiceNow's scripts that tells who is asking.
func evaluate(value string, by Account) string {
	switch value {
	case "javascript:gs.getUserName()":
		return by.Name
	case "javascript:gs.getUserID()":
		return by.ID
	}
	return value
}
