// A SCIM 2.0 server for tests. The protocol is all scimmy's: filters, PATCH, lists and errors. Ours is a store in memory,
// with worlds that know nothing of each other, and a way for tests to fill it and to look into it.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const worlds = new Map(); // name -> {token, versions, User: Map, Group: Map}

function notFound(id) {
  throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
}

// A world with versions takes a change only to the version that it was meant for.
function refuseStale(world, ifMatch, resource) {
  if (world.versions && ifMatch && ifMatch !== resource.meta.version) {
    throw new SCIMMY.Types.Error(412, null, "The resource has changed");
  }
}

function save(world, type, resource) {
  const number = Number(resource.meta?.version?.match(/\d+/)?.[0] ?? 0) + 1;
  const meta = world.versions ? { version: `W/"${number}"` } : {};
  world[type].set(resource.id, { ...resource, meta });
  return world[type].get(resource.id);
}

for (const type of ["User", "Group"]) {
  SCIMMY.Resources.declare(SCIMMY.Resources[type])
    .egress((resource, { world }) => {
      if (resource.id) return world[type].get(resource.id) ?? notFound(resource.id);
      const all = [...world[type].values()];
      return resource.filter ? resource.filter.match(all) : all;
    })
    .ingress((resource, instance, { world, ifMatch }) => {
      const before = world[type].get(resource.id) ?? notFound(resource.id);
      refuseStale(world, ifMatch, before);
      return save(world, type, { ...JSON.parse(JSON.stringify(instance)), id: before.id, meta: before.meta });
    })
    .degress((resource, { world }) => world[type].delete(resource.id) || notFound(resource.id));
}

const app = express();
app.disable("x-powered-by").disable("etag"); // express would make one from each answer's text, which is no version
app.use("/world/:world/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    const world = worlds.get(request.params.world);
    if (!world || request.header("Authorization") !== `Bearer ${world.token}`) throw new Error("Unauthorized");
    return "curfew";
  },
  context: (request) => ({ world: worlds.get(request.params.world), ifMatch: request.header("If-Match") }),
}));

// What follows is for tests, and is no SCIM.
const admin = express.Router().use(express.json());
admin.post("/worlds", ({ body: { token, versions } }, response) => {
  const name = randomUUID();
  worlds.set(name, { token, versions, User: new Map(), Group: new Map() });
  response.json({ name });
});
admin.post("/world/:world/:type", ({ params: { world, type }, body }, response) => {
  response.json(save(worlds.get(world), type, { ...body, id: randomUUID() }));
});
admin.put("/world/:world/Group/:id/members", ({ params: { world, id }, body: members }, response) => {
  response.json(save(worlds.get(world), "Group", { ...worlds.get(world).Group.get(id), members }));
});
admin.get("/world/:world/:type", ({ params: { world, type } }, response) => {
  response.json([...worlds.get(world)[type].values()]);
});
app.use("/admin", admin);

// Whoever started the server learns its port from its first line.
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
