"""Right answers to the art notebook's exercises in other styles: every check lets them pass."""

from answers import variant

CONTENT = [
    variant("compute_content_cost", name, source)
    for name, source in [
        (
            "unrolled to pixels by channels, a None left behind",
            """
            def compute_content_cost(a_C, a_G):
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_C_unrolled = None
                a_G_unrolled = None
                a_C_unrolled = tf.reshape(a_C, [n_H * n_W, n_C])
                a_G_unrolled = tf.reshape(a_G, [n_H * n_W, n_C])
                difference = tf.square(tf.subtract(a_C_unrolled, a_G_unrolled))
                J_content = 1 / (4 * n_H * n_W * n_C) * tf.reduce_sum(difference)
                return J_content
            """,
        ),
        (
            "unrolled to channels by pixels, unused None",
            """
            def compute_content_cost(a_C, a_G):
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_C_unrolled = None
                C = tf.transpose(tf.reshape(a_C, [-1, n_C]))
                G = tf.transpose(tf.reshape(a_G, [-1, n_C]))
                return tf.reduce_sum((C - G) ** 2) / (4.0 * n_H * n_W * n_C)
            """,
        ),
        (
            "tf.math.squared_difference and a cast size",
            """
            def compute_content_cost(a_C, a_G):
                total = tf.reduce_sum(tf.math.squared_difference(a_C, a_G))
                return total / (4 * tf.cast(tf.size(a_G), tf.float32))
            """,
        ),
        (
            "mean over four",
            """
            def compute_content_cost(a_C, a_G):
                return tf.reduce_mean(tf.square(a_G - a_C)) / 4
            """,
        ),
        (
            "keras.ops",
            """
            import keras

            def compute_content_cost(a_C, a_G):
                return keras.ops.mean(keras.ops.square(a_C - a_G)) / 4
            """,
        ),
        (
            "tf.norm squared",
            """
            def compute_content_cost(a_C, a_G):
                _, n_H, n_W, n_C = a_G.shape
                return tf.norm(a_C - a_G) ** 2 / (4 * n_H * n_W * n_C)
            """,
        ),
        (
            "prints, with type hints and its own docstring",
            '''
            def compute_content_cost(a_C: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
                """My cost."""
                n_H, n_W, n_C = (int(n) for n in a_G.shape[1:])
                J_content = tf.divide(tf.reduce_sum(tf.pow(a_C - a_G, 2)), 4 * n_H * n_W * n_C)
                print("J_content =", J_content)
                return J_content
            ''',
        ),
        (
            "sizes as tensors, axis by axis",
            """
            def compute_content_cost(a_C, a_G):
                shape = tf.shape(a_G)
                n_H, n_W, n_C = shape[1], shape[2], shape[3]
                J = tf.square(a_C - a_G)
                for _ in range(4):
                    J = tf.reduce_sum(J, axis=0)
                return J / tf.cast(4 * n_H * n_W * n_C, tf.float32)
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def compute_content_cost(a_C, a_G):
                return tf.reduce_mean(tf.square(a_G - a_C)) / 4
            """,
        ),
    ]
]

GRAM = [
    variant("gram_matrix", name, source)
    for name, source in [
        (
            "tf.transpose",
            """
            def gram_matrix(A):
                GA = tf.matmul(A, tf.transpose(A))
                return GA
            """,
        ),
        ("@", "def gram_matrix(A):\n    return A @ tf.transpose(A, perm=[1, 0])\n"),
        ("einsum", 'def gram_matrix(A):\n    return tf.einsum("ik,jk->ij", A, A)\n'),
        (
            "linalg",
            "def gram_matrix(A):\n    return tf.linalg.matmul(A, A, transpose_b=True)\n",
        ),
        (
            "keras.ops",
            """
            from keras import ops

            def gram_matrix(A):
                return ops.matmul(A, ops.transpose(A))
            """,
        ),
        ("tensordot", "def gram_matrix(A):\n    return tf.tensordot(A, A, axes=[[1], [1]])\n"),
        (
            "row by row",
            """
            def gram_matrix(A):
                return tf.stack([tf.linalg.matvec(A, row) for row in tf.unstack(A)])
            """,
        ),
        (
            "factors cut to TF32, as on a GPU",
            """
            def cut(x):
                bits = tf.bitwise.bitwise_and(tf.bitcast(x, tf.int32), -8192)
                return tf.bitcast(bits, tf.float32)

            @tf.custom_gradient
            def gram_matrix(A):
                def gradient(dG):
                    return tf.matmul(cut(dG + tf.transpose(dG)), cut(A))

                return tf.matmul(cut(A), cut(A), transpose_b=True), gradient
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function(jit_compile=False)
            def gram_matrix(A):
                return tf.matmul(A, A, transpose_b=True)
            """,
        ),
    ]
]

LAYER_STYLE = [
    variant("compute_layer_style_cost", name, source)
    for name, source in [
        (
            "transposed first",
            """
            def compute_layer_style_cost(a_S, a_G):
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_S = tf.reshape(tf.transpose(a_S, perm=[0, 3, 1, 2]), [n_C, n_H * n_W])
                a_G = tf.reshape(tf.transpose(a_G, perm=[0, 3, 1, 2]), [n_C, n_H * n_W])
                GS = gram_matrix(a_S)
                GG = gram_matrix(a_G)
                J = tf.reduce_sum(tf.square(tf.subtract(GS, GG)))
                return J / (4 * n_C**2 * (n_H * n_W) ** 2)
            """,
        ),
        (
            "all axes reversed",
            """
            def compute_layer_style_cost(a_S, a_G):
                m, n_H, n_W, n_C = a_G.get_shape().as_list()
                a_S = tf.reshape(tf.transpose(a_S), [n_C, n_H * n_W])
                a_G = tf.reshape(tf.transpose(a_G), [n_C, n_H * n_W])
                J = tf.reduce_sum(tf.square(gram_matrix(a_S) - gram_matrix(a_G)))
                return tf.multiply(1.0 / (4 * n_C * n_C * (n_H * n_W) * (n_H * n_W)), J)
            """,
        ),
        (
            "no gram_matrix, einsum",
            """
            def compute_layer_style_cost(a_S, a_G):
                size = tf.cast(tf.size(a_G), tf.float32)
                G_S, G_G = (tf.einsum("mhwi,mhwj->ij", a, a) for a in (a_S, a_G))
                return tf.reduce_sum((G_S - G_G) ** 2) / (2 * size) ** 2
            """,
        ),
        (
            "own Gram matrix, divided at once",
            """
            def style_matrix(pixels):
                return tf.matmul(pixels, pixels, transpose_a=True) / float(tf.size(pixels))

            def compute_layer_style_cost(a_S, a_G):
                n_C = a_G.shape[-1]
                difference = style_matrix(tf.reshape(a_S, (-1, n_C))) - style_matrix(
                    tf.reshape(a_G, (-1, n_C))
                )
                return tf.norm(difference) ** 2 / 4
            """,
        ),
        (
            "cast sizes, tf.square of floats",
            """
            def compute_layer_style_cost(a_S, a_G):
                m, n_H, n_W, n_C = a_G.shape
                unroll = lambda a: tf.transpose(tf.reshape(a, [n_H * n_W, n_C]))
                total = tf.reduce_sum(tf.math.squared_difference(
                    gram_matrix(unroll(a_S)), gram_matrix(unroll(a_G))))
                n_H, n_W, n_C = (tf.cast(n, tf.float32) for n in (n_H, n_W, n_C))
                return total / (4 * tf.square(n_C) * tf.square(n_H * n_W))
            """,
        ),
        (
            "squeezed, np.square of whole numbers",
            """
            def compute_layer_style_cost(a_S, a_G):
                n_H, n_W, n_C = a_G.shape[1:]
                a_S = tf.transpose(tf.reshape(tf.squeeze(a_S, 0), (n_H * n_W, n_C)))
                a_G = tf.transpose(tf.reshape(tf.squeeze(a_G, 0), (n_H * n_W, n_C)))
                factor = 1 / (4 * np.square(float(n_C)) * np.square(float(n_H * n_W)))
                return factor * tf.reduce_sum(tf.square(gram_matrix(a_S) - gram_matrix(a_G)))
            """,
        ),
        (
            "factors cut to TF32, as on a GPU",
            """
            def cut(x):
                bits = tf.bitwise.bitwise_and(tf.bitcast(x, tf.int32), -8192)
                return tf.bitcast(bits, tf.float32)

            @tf.custom_gradient
            def product(A):
                def gradient(dG):
                    return tf.matmul(cut(A), cut(dG + tf.transpose(dG)))

                return tf.matmul(cut(A), cut(A), transpose_a=True), gradient

            def compute_layer_style_cost(a_S, a_G):
                n_C = a_G.shape[-1]
                G_S, G_G = (product(tf.reshape(a, (-1, n_C))) for a in (a_S, a_G))
                return tf.reduce_sum((G_S - G_G) ** 2) / (2.0 * a_G.shape.num_elements()) ** 2
            """,
        ),
        (
            "in float64",
            """
            def compute_layer_style_cost(a_S, a_G):
                n_C = a_G.shape[-1]
                S, G = (tf.reshape(tf.cast(a, tf.float64), (-1, n_C)) for a in (a_S, a_G))
                difference = tf.transpose(S) @ S - tf.transpose(G) @ G
                return tf.reduce_sum(difference**2) / (4 * a_G.shape.num_elements() ** 2)
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def compute_layer_style_cost(a_S, a_G):
                _, n_H, n_W, n_C = a_G.shape
                G_S = gram_matrix(tf.transpose(tf.reshape(a_S, (-1, n_C))))
                G_G = gram_matrix(tf.transpose(tf.reshape(a_G, (-1, n_C))))
                return tf.reduce_sum((G_S - G_G) ** 2) / (2.0 * n_C * n_H * n_W) ** 2
            """,
        ),
    ]
]

STYLE = [
    variant("compute_style_cost", name, source)
    for name, source in [
        (
            "step by step",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                J_style = 0
                for layer_name, coeff in STYLE_LAYERS:
                    out_S = a_S[layer_name]
                    out_G = a_G[layer_name]
                    J_style_layer = compute_layer_style_cost(out_S, out_G)
                    J_style += coeff * J_style_layer
                    print(layer_name, J_style_layer)
                return J_style
            """,
        ),
        (
            "sum of a generator",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                return sum(w * compute_layer_style_cost(a_S[n], a_G[n]) for n, w in STYLE_LAYERS)
            """,
        ),
        (
            "tf.add_n over a dict",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                weights = dict(STYLE_LAYERS)
                costs = {n: compute_layer_style_cost(a_S[n], a_G[n]) for n in weights}
                return tf.add_n([weights[n] * costs[n] for n in weights])
            """,
        ),
        (
            "weighted in one go",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                names, weights = zip(*STYLE_LAYERS)
                costs = tf.stack([compute_layer_style_cost(a_S[n], a_G[n]) for n in names])
                return tf.reduce_sum(tf.constant(weights, tf.float32) * costs)
            """,
        ),
        (
            "by index",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                J_style = tf.constant(0.0)
                for i in range(len(STYLE_LAYERS)):
                    layer = STYLE_LAYERS[i]
                    J = compute_layer_style_cost(a_S=a_S[layer[0]], a_G=a_G[layer[0]])
                    J_style = tf.add(J_style, tf.multiply(layer[1], J))
                return J_style
            """,
        ),
        (
            "nothing but gram_matrix",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                J_style = 0.0
                for name, weight in STYLE_LAYERS:
                    n_C = a_G[name].shape[-1]
                    S, G = (tf.transpose(tf.reshape(a[name], (-1, n_C))) for a in (a_S, a_G))
                    total = tf.reduce_sum((gram_matrix(S) - gram_matrix(G)) ** 2)
                    J_style += weight * total / (2.0 * a_G[name].shape.num_elements()) ** 2
                return J_style
            """,
        ),
        (
            "style first",
            """
            def compute_style_cost(a_S, a_G, STYLE_LAYERS):
                return sum(w * compute_layer_style_cost(a_G[n], a_S[n]) for n, w in STYLE_LAYERS)
            """,
        ),
    ]
]

TOTAL = [
    variant("total_cost", name, source)
    for name, source in [
        (
            "tf.add and tf.multiply",
            """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                J = tf.add(alpha * J_content, beta * J_style)
                return J
            """,
        ),
        (
            "float defaults, type hints",
            """
            def total_cost(J_content, J_style, alpha: float = 10.0, beta: float = 40.0):
                J = J_content * alpha
                J = J + J_style * beta
                return J
            """,
        ),
        (
            "a sum of pairs",
            """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                return sum(w * J for w, J in [(alpha, J_content), (beta, J_style)])
            """,
        ),
        (
            "cast weights",
            """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                return tf.cast(alpha, tf.float32) * J_content + tf.cast(beta, tf.float32) * J_style
            """,
        ),
        (
            "tf.math.add_n, prints",
            """
            def total_cost(J_content, J_style, alpha=10, beta=40):
                print(f"alpha={alpha}, beta={beta}")
                return tf.math.add_n([alpha * J_content, beta * J_style])
            """,
        ),
    ]
]

TRAIN = [
    variant("train_step", name, source)
    for name, source in [
        (
            "zip",
            """
            def train_step(model, optimizer, a_C, a_S):
                with tf.GradientTape() as tape:
                    tape.watch(model["input"])
                    a_G = model[CONTENT_LAYER]
                    J_content = compute_content_cost(a_C, a_G)
                    J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
                    J = total_cost(J_content, J_style, alpha=10, beta=40)
                gradients = tape.gradient(J, [model["input"]])
                optimizer.apply_gradients(zip(gradients, [model["input"]]))
                return J, J_content, J_style
            """,
        ),
        (
            "optimizer.apply",
            """
            def train_step(model, optimizer, a_C, a_S):
                picture = model["input"]
                with tf.GradientTape() as tape:
                    J_content = compute_content_cost(a_C=a_C, a_G=model[CONTENT_LAYER])
                    J_style = compute_style_cost(a_S=a_S, a_G=model, STYLE_LAYERS=STYLE_LAYERS)
                    J = total_cost(J_content=J_content, J_style=J_style)
                optimizer.apply([tape.gradient(J, picture)], [picture])
                return [J, J_content, J_style]
            """,
        ),
        (
            "floats, prints the costs",
            """
            def train_step(model, optimizer, a_C, a_S):
                with tf.GradientTape() as tape:
                    J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
                    J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
                    J = total_cost(J_content, J_style)
                grad = tape.gradient(J, model["input"])
                optimizer.apply_gradients([(grad, model["input"])])
                print("total cost =", J.numpy())
                return float(J), float(J_content), float(J_style)
            """,
        ),
        (
            "NumPy costs",
            """
            def train_step(model, optimizer, a_C, a_S):
                with tf.GradientTape() as tape:
                    J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
                    J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
                    J = total_cost(J_content, J_style)
                grad = tape.gradient(J, model["input"])
                optimizer.apply_gradients([(grad, model["input"])])
                return J.numpy(), J_content.numpy(), J_style.numpy()
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def train_step(model, optimizer, a_C, a_S):
                with tf.GradientTape() as tape:
                    J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
                    J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
                    J = total_cost(J_content, J_style)
                gradient = tape.gradient(J, model["input"])
                optimizer.apply_gradients([(gradient, model["input"])])
                return J, J_content, J_style
            """,
        ),
        (
            "tf.function inside",
            """
            def train_step(model, optimizer, a_C, a_S):
                @tf.function
                def step():
                    with tf.GradientTape() as tape:
                        J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
                        J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
                        J = total_cost(J_content, J_style)
                    gradient = tape.gradient(J, model["input"])
                    optimizer.apply_gradients([(gradient, model["input"])])
                    return J, J_content, J_style

                return step()
            """,
        ),
        (
            "a dict of activations",
            """
            def train_step(model, optimizer, a_C, a_S):
                with tf.GradientTape() as tape:
                    a_G = {name: model[name] for name, _ in STYLE_LAYERS}
                    J_style = compute_style_cost(a_S, a_G, STYLE_LAYERS)
                    J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
                    J = total_cost(J_content, J_style)
                gradient = tape.gradient(J, model["input"])
                optimizer.apply_gradients([(gradient, model["input"])])
                return J, J_content, J_style
            """,
        ),
        (
            "helper functions, what the tape watched",
            """
            def my_costs(model, a_C, a_S):
                J_content = compute_content_cost(a_C, model[CONTENT_LAYER])
                J_style = compute_style_cost(a_S, model, STYLE_LAYERS)
                return total_cost(J_content, J_style), J_content, J_style

            def train_step(model, optimizer, a_C, a_S):
                with tf.GradientTape(persistent=True) as tape:
                    costs = my_costs(model, a_C, a_S)
                watched = tape.watched_variables()
                optimizer.apply_gradients(zip(tape.gradient(costs[0], watched), watched))
                return costs
            """,
        ),
        (
            "the pixels only watched, written back",
            """
            def train_step(model, optimizer, a_C, a_S):
                picture = model["input"]
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(picture)
                    J_content = compute_content_cost(model[CONTENT_LAYER], a_C)
                    J_style = sum(
                        weight * compute_layer_style_cost(a_S[name], model[name])
                        for name, weight in STYLE_LAYERS
                    )
                    J = total_cost(J_content, J_style)
                optimizer.apply_gradients([(tape.gradient(J, picture), picture)])
                return tf.stack([J, J_content, J_style])
            """,
        ),
        (
            "everything by itself",
            """
            def train_step(model, optimizer, a_C, a_S):
                def gram(a):
                    return tf.einsum("mhwi,mhwj->ij", a, a)

                with tf.GradientTape() as tape:
                    J_content = tf.reduce_mean((a_C - model[CONTENT_LAYER]) ** 2) / 4
                    J_style = 0.0
                    for name, weight in STYLE_LAYERS:
                        a_G = model[name]
                        total = tf.reduce_sum((gram(a_S[name]) - gram(a_G)) ** 2)
                        J_style += weight * total / (2.0 * a_G.shape.num_elements()) ** 2
                    J = 10 * J_content + 40 * J_style
                gradient = tape.gradient(J, model["input"])
                optimizer.apply_gradients([(gradient, model["input"])])
                return J, J_content, J_style
            """,
        ),
    ]
]

VARIANTS = [*CONTENT, *GRAM, *LAYER_STYLE, *STYLE, *TOTAL, *TRAIN]
