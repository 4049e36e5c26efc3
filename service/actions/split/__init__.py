"""Split unrelated containers.

Looks for: Pods with more than one group of containers (see the rule `unrelated-containers`).

Matters because: applications in one Pod are scaled, updated and lost together.

Example:
    kind: Deployment
    metadata: {name: shop}
    spec:
      template:
        spec:
          containers:
            - {name: web, image: shop/web:2}
            - {name: mysql, image: mysql:8}

Comes out: the primary group keeps the workload, its name, its selector and its metadata; each other
group gets a workload of its own with its containers' text, the volumes that they mount and the init
containers that prepare them. Services go on leading where they led, policies, budgets and
autoscalers cover what they covered.
"""
