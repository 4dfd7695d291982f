package starter

// Me is who somebody is here.
type Me struct {
	ID       string            `json:"id" doc:"The person's id in the directory"`
	Name     string            `json:"name" doc:"The person's name"`
	Accounts map[string]string `json:"accounts" doc:"The person's name on each target"`
}

// Me returns who the actor is.
func (s *Snapshot) Me(actor string) (Me, error) {
	if err := s.allow(actor, OperationMe); err != nil {
		return Me{}, err
	}
	person := s.config.People[actor]
	return Me{ID: actor, Name: person.Name, Accounts: person.Accounts}, nil
}
