package oidc

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// store is the example's, with people, clients and keys of ours.
type store struct {
	*storage.Storage
	people  people
	clients map[string]*client

	mu   sync.Mutex
	keys []*Key // the first signs
}

func newStore(t testing.TB, o Options) *store {
	t.Helper()
	s := &store{people: people{}, clients: map[string]*client{}, keys: []*Key{NewKey(t)}}
	plain := map[string]*storage.Client{}
	for _, client := range []*client{webClient(o.Redirect), cliClient(), machineClient()} {
		s.clients[client.GetID()], plain[client.GetID()] = client, client.Client
	}
	for _, person := range o.People {
		s.people[person.Subject] = person
	}
	s.Storage = storage.NewStorageWithClients(s.people, plain)
	return s
}

// people are the users of the example's store.
type people map[string]Person

// GetUserByID finds somebody by the subject.
func (p people) GetUserByID(subject string) *storage.User {
	person, ok := p[subject]
	if !ok {
		return nil
	}
	return &storage.User{
		ID: subject, Username: subject, Password: Password, Email: person.Email, EmailVerified: person.Verified,
	}
}

// GetUserByUsername finds somebody by what they type.
func (p people) GetUserByUsername(name string) *storage.User { return p.GetUserByID(name) }

// ExampleClientID is a client of the example that nobody uses here.
func (p people) ExampleClientID() string { return storage.ServiceUserID }

// GetClientByClientID finds a client.
func (s *store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	client, ok := s.clients[id]
	if !ok {
		return nil, errors.New("there is no such client")
	}
	return client, nil
}

// SetUserinfoFromRequest adds the groups to an ID token.
func (s *store) SetUserinfoFromRequest(
	ctx context.Context,
	info *oidc.UserInfo,
	request op.IDTokenRequest,
	scopes []string,
) error {
	if groups := s.people[request.GetSubject()].Groups; groups != nil {
		info.AppendClaims("groups", groups)
	}
	return s.Storage.SetUserinfoFromRequest(ctx, info, request, scopes)
}

// CreateAccessAndRefreshTokens gives those who signed in with a device what browsers get; the example forgets whose
// they are.
func (s *store) CreateAccessAndRefreshTokens(
	ctx context.Context,
	request op.TokenRequest,
	current string,
) (string, string, time.Time, error) {
	if device, ok := request.(*op.DeviceAuthorizationState); ok {
		request = &storage.AuthRequest{ApplicationID: device.ClientID, UserID: device.Subject, Scopes: device.Scopes}
	}
	return s.Storage.CreateAccessAndRefreshTokens(ctx, request, current)
}

// ClientCredentials finds the machine.
func (s *store) ClientCredentials(_ context.Context, id, secret string) (op.Client, error) {
	if id != Machine || secret != MachineSecret {
		return nil, errors.New("there is no such machine")
	}
	return s.clients[id], nil
}

// ClientCredentialsTokenRequest is for the resource, in the name of the machine.
func (s *store) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &oidc.JWTTokenRequest{Subject: id, Audience: []string{Resource}, Scopes: scopes}, nil
}

func (s *store) current() []*Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}
