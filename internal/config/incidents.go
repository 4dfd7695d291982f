package config

// Incidents says which systems hold incidents.
type Incidents struct {
	PagerDuty  *PagerDuty  `yaml:"pagerduty"`
	ServiceNow *ServiceNow `yaml:"servicenow"`
}

// PagerDuty is one PagerDuty account.
type PagerDuty struct {
	URL   string `yaml:"url"`   // of the REST API; default https://api.pagerduty.com
	Token Secret `yaml:"token"` // a REST API key
	From  string `yaml:"from"`  // the e-mail address of the PagerDuty user in whose name notes are written
}

// ServiceNow is one ServiceNow instance.
type ServiceNow struct {
	URL string `yaml:"url"` // of the instance, like https://example.service-now.com
	// Curfew's own account: OAuth client credentials, or a user with a password.
	ClientID     string `yaml:"clientId"`
	ClientSecret Secret `yaml:"clientSecret"`
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
}
