package servicenow

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	// requestLimit bounds the bodies that are read, in bytes.
	requestLimit = 1 << 20
	// usualLimit is how many records a reply has at most when nobody says.
	usualLimit = 10000
)

// references are the fields that hold a sys_id of another table.
var references = map[string]string{"business_service": "cmdb_ci_service", "cmdb_ci": "cmdb_ci", "assigned_to": users}

// call is one request by somebody who has signed in.
type call struct {
	*http.Request
	by    Account
	table string
}

// Handler serves the Table API, and oauth_token.do beside it.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth_token.do", s.giveToken)
	mux.HandleFunc("GET /api/now/table/{table}", s.serve(s.list))
	mux.HandleFunc("GET /api/now/table/{table}/{id}", s.serve(s.read))
	mux.HandleFunc("PATCH /api/now/table/{table}/{id}", s.serve(s.change))
	return mux
}

// serve lets those in who can sign in, one at a time.
func (s *Server) serve(handle func(call) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, requestLimit)
		s.mu.Lock()
		defer s.mu.Unlock()
		account, ok := s.signIn(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `BASIC realm="Service-now"`)
			send(w, http.StatusUnauthorized, failure("User Not Authenticated", "Required to provide Auth information"))
			return
		}
		c := call{r, account, r.PathValue("table")}
		if _, known := s.tables[c.table]; !known {
			send(w, http.StatusBadRequest, failure("Invalid table "+c.table, ""))
			return
		}
		status, body := handle(c)
		send(w, status, body)
	}
}

func (s *Server) list(c call) (int, any) {
	query := c.URL.Query()
	found := s.find(c.table, query.Get("sysparm_query"), c.by)
	limit, err := strconv.Atoi(query.Get("sysparm_limit"))
	if err != nil || limit < 0 {
		limit = usualLimit
	}
	shown := []map[string]any{}
	for _, r := range found[:min(limit, len(found))] {
		shown = append(shown, c.show(r))
	}
	return http.StatusOK, map[string]any{"result": shown}
}

func (s *Server) read(c call) (int, any) {
	found, ok := s.one(c)
	if !ok {
		return noRecord()
	}
	return http.StatusOK, map[string]any{"result": c.show(found)}
}

// change writes what the caller may write. A journal field takes its text as a new entry, and stays empty itself.
func (s *Server) change(c call) (int, any) {
	found, ok := s.one(c)
	if !ok {
		return noRecord()
	}
	var fields map[string]string
	if json.NewDecoder(c.Body).Decode(&fields) != nil {
		return http.StatusBadRequest, failure("Exception while reading request", "The payload is not valid JSON")
	}
	for field, value := range fields {
		_, known := found[field]
		switch {
		case !known || slices.Contains(c.by.ReadOnly, field):
		case field == "work_notes":
			s.addNote(c.by.Name, found["sys_id"], value)
		default:
			found[field] = value
		}
	}
	return http.StatusOK, map[string]any{"result": c.show(found)}
}

func (s *Server) one(c call) (record, bool) {
	visible := s.find(c.table, "", c.by)
	at := slices.IndexFunc(visible, func(r record) bool { return r["sys_id"] == c.PathValue("id") })
	if at < 0 {
		return nil, false
	}
	return visible[at], true
}

// show is a record as replies have it.
func (c call) show(r record) map[string]any {
	query := c.URL.Query()
	wanted := strings.Split(query.Get("sysparm_fields"), ",")
	shown := map[string]any{}
	for field, value := range r {
		if wanted[0] != "" && !slices.Contains(wanted, field) {
			continue
		}
		shown[field] = value
		if table, refers := references[field]; refers && value != "" &&
			query.Get("sysparm_exclude_reference_link") != "true" {
			shown[field] = map[string]string{
				"link":  "https://" + c.Host + "/api/now/table/" + table + "/" + value,
				"value": value,
			}
		}
	}
	return shown
}

func noRecord() (int, any) {
	return http.StatusNotFound, failure("No Record found", "Record doesn't exist or ACL restricts the record retrieval")
}

func failure(message, detail string) map[string]any {
	return map[string]any{"error": map[string]string{"message": message, "detail": detail}, "status": "failure"}
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
