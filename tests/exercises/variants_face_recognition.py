"""Right answers to the face notebook's exercises in other styles: every check lets them pass."""

from answers import variant

TRIPLET = [
    variant("triplet_loss", name, source)
    for name, source in [
        (
            "step by step, as published",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                anchor, positive, negative = y_pred[0], y_pred[1], y_pred[2]
                loss = None
                pos_dist = tf.reduce_sum(tf.square(tf.subtract(anchor, positive)), axis=-1)
                neg_dist = tf.reduce_sum(tf.square(tf.subtract(anchor, negative)), axis=-1)
                basic_loss = tf.add(tf.subtract(pos_dist, neg_dist), alpha)
                loss = tf.reduce_sum(tf.maximum(basic_loss, 0.0))
                return loss
            """,
        ),
        (
            "axis 1",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                d = tf.reduce_sum((a - p) ** 2, 1) - tf.reduce_sum((a - n) ** 2, 1)
                return tf.reduce_sum(tf.maximum(0.0, d + alpha))
            """,
        ),
        (
            "one sum of both squares",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                d = tf.reduce_sum(tf.square(a - p) - tf.square(a - n), axis=-1)
                return tf.reduce_sum(tf.nn.relu(d + alpha))
            """,
        ),
        (
            "tf.math.squared_difference",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                positive = tf.reduce_sum(tf.math.squared_difference(a, p), axis=-1)
                negative = tf.reduce_sum(tf.math.squared_difference(a, n), axis=-1)
                return tf.reduce_sum(tf.math.maximum(positive - negative + alpha, 0))
            """,
        ),
        (
            "tf.norm squared",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                d = tf.norm(a - p, axis=-1) ** 2 - tf.norm(a - n, axis=-1) ** 2
                return tf.reduce_sum(tf.maximum(d + alpha, 0.0))
            """,
        ),
        (
            "einsum",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                d = tf.einsum("mi,mi->m", a - p, a - p) - tf.einsum("mi,mi->m", a - n, a - n)
                return tf.reduce_sum(tf.maximum(d + alpha, 0.0))
            """,
        ),
        (
            "keras.ops",
            """
            from keras import ops

            def triplet_loss(y_true, y_pred, alpha=0.2):
                anchor, positive, negative = y_pred
                pos = ops.sum(ops.square(anchor - positive), axis=-1)
                neg = ops.sum(ops.square(anchor - negative), axis=-1)
                return ops.sum(ops.relu(pos - neg + alpha))
            """,
        ),
        (
            "keepdims, tf.clip_by_value",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                pos = tf.reduce_sum(tf.pow(a - p, 2), axis=-1, keepdims=True)
                neg = tf.reduce_sum(tf.pow(a - n, 2), axis=-1, keepdims=True)
                return tf.reduce_sum(tf.clip_by_value(pos - neg + alpha, 0.0, 1e9))
            """,
        ),
        (
            "a loop over the batch, prints",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                loss = 0.0
                for anchor, positive, negative in zip(*y_pred):
                    pos_dist = tf.reduce_sum(tf.square(anchor - positive))
                    neg_dist = tf.reduce_sum(tf.square(anchor - negative))
                    loss += tf.maximum(pos_dist - neg_dist + alpha, 0.0)
                print("loss =", loss)
                return loss
            """,
        ),
        (
            "stacked, with tf.where",
            """
            def triplet_loss(y_true, y_pred, alpha: float = 0.2):
                "My loss."
                anchor = y_pred[0]
                differences = tf.stack([anchor - y_pred[1], anchor - y_pred[2]])
                pos, neg = tf.unstack(tf.reduce_sum(differences * differences, axis=2))
                terms = pos - neg + alpha
                return tf.reduce_sum(tf.where(terms > 0, terms, tf.zeros_like(terms)))
            """,
        ),
        (
            "tf.cast alpha, mean times size",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                pos = tf.reduce_sum(tf.square(a - p), axis=-1)
                neg = tf.reduce_sum(tf.square(a - n), axis=-1)
                hinges = tf.maximum(pos - neg + tf.cast(alpha, tf.float32), 0.0)
                return tf.reduce_mean(hinges) * tf.cast(tf.shape(a)[0], tf.float32)
            """,
        ),
        (
            "in float64",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = (tf.cast(x, tf.float64) for x in y_pred)
                d = tf.reduce_sum((a - p) ** 2 - (a - n) ** 2, axis=-1)
                return tf.reduce_sum(tf.maximum(d + alpha, 0.0))
            """,
        ),
        (
            "a helper function",
            """
            def squared_distance(a, b):
                return tf.reduce_sum(tf.square(a - b), axis=-1)

            def triplet_loss(y_true, y_pred, alpha=0.2):
                anchor, positive, negative = y_pred
                gap = squared_distance(anchor, positive) - squared_distance(anchor, negative)
                return tf.reduce_sum(tf.maximum(gap + alpha, 0.0))
            """,
        ),
        (
            "a numerically careful root",
            """
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                dist = lambda x, y: tf.sqrt(tf.reduce_sum((x - y) ** 2, axis=-1) + 1e-12)
                return tf.reduce_sum(tf.maximum(dist(a, p) ** 2 - dist(a, n) ** 2 + alpha, 0.0))
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def triplet_loss(y_true, y_pred, alpha=0.2):
                a, p, n = y_pred
                d = tf.reduce_sum((a - p) ** 2 - (a - n) ** 2, axis=-1)
                return tf.reduce_sum(tf.maximum(d + alpha, 0.0))
            """,
        ),
    ]
]

VERIFY = [
    variant("verify", name, source)
    for name, source in [
        (
            "as published, prints",
            """
            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = np.linalg.norm(encoding - database[identity])
                if dist < 0.7:
                    print("It's " + str(identity) + ", welcome in!")
                    door_open = True
                else:
                    print("It's not " + str(identity) + ", please go away")
                    door_open = False
                return dist, door_open
            """,
        ),
        (
            "a NumPy bool",
            """
            def verify(image_path, identity, database, model):
                dist = np.linalg.norm(database[identity] - img_to_encoding(image_path, model))
                return dist, dist < 0.7
            """,
        ),
        (
            "a float",
            """
            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = float(np.linalg.norm(encoding - database[identity]))
                return dist, dist < 0.7
            """,
        ),
        (
            "a float, compared as float32",
            """
            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = np.float32(np.linalg.norm(encoding - database[identity]))
                return float(dist), bool(dist < 0.7)
            """,
        ),
        (
            "tf.norm, a tensor",
            """
            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = tf.norm(encoding - database[identity])
                door_open = dist < 0.7
                return dist, door_open
            """,
        ),
        (
            "tf.subtract, tf.cond",
            """
            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = tf.norm(tf.subtract(encoding, database[identity]), ord="euclidean")
                door_open = tf.cond(tf.less(dist, 0.7), lambda: True, lambda: False)
                return dist, door_open
            """,
        ),
        (
            "cast to float32, compared as float",
            """
            def verify(image_path, identity, database, model):
                encoding = tf.cast(img_to_encoding(image_path, model), tf.float32)
                known = tf.cast(database[identity], tf.float32)
                dist = float(tf.norm(encoding - known))
                return dist, dist < 0.7
            """,
        ),
        (
            "by hand",
            """
            def verify(image_path, identity, database, model):
                difference = img_to_encoding(image_path, model) - database[identity]
                dist = np.sqrt(np.sum(np.square(difference)))
                door_open = 1 if dist < 0.7 else 0
                return [dist, door_open]
            """,
        ),
        (
            "fr_utils.img_to_encoding",
            """
            import fr_utils

            def verify(image_path, identity, database, model):
                encoding = fr_utils.img_to_encoding(image_path, model)
                dist = np.linalg.norm((encoding - database[identity]).ravel(), ord=2)
                return dist, not dist >= 0.7
            """,
        ),
        (
            "model.predict, own picture reading",
            """
            from PIL import Image

            def verify(image_path, identity, database, model):
                picture = np.asarray(Image.open(image_path)) / 255
                x = np.expand_dims(np.moveaxis(picture, -1, 0), 0)
                dist = np.linalg.norm(model.predict(x, verbose=0) - database[identity])
                return dist, bool(dist < 0.7)
            """,
        ),
        (
            "model(x), the first row",
            """
            import imageio.v3 as iio

            def verify(image_path, identity, database, model):
                x = np.transpose(iio.imread(image_path), (2, 0, 1))[np.newaxis] / 255.0
                encoding = model(x.astype(np.float32), training=False)[0]
                dist = np.linalg.norm(encoding - database[identity][0])
                return (dist, True) if dist < 0.7 else (dist, False)
            """,
        ),
        (
            "distance along the last axis, of shape (1,)",
            """
            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = np.linalg.norm(encoding - database[identity], axis=-1)
                return dist, dist < 0.7
            """,
        ),
        (
            "scipy's euclidean of flat encodings",
            """
            from scipy.spatial import distance

            def verify(image_path, identity, database, model):
                encoding = img_to_encoding(image_path, model)
                dist = distance.euclidean(encoding.flatten(), database[identity].flatten())
                return dist, dist < 0.7
            """,
        ),
        (
            "scipy's cdist",
            """
            from scipy.spatial.distance import cdist

            def verify(image_path, identity, database, model):
                dist = cdist(img_to_encoding(image_path, model), database[identity])[0, 0]
                return dist, dist < 0.7
            """,
        ),
        (
            "by the cosine, as all encodings have length 1",
            """
            def verify(image_path, identity, database, model):
                likeness = (img_to_encoding(image_path, model) * database[identity]).sum()
                dist = np.sqrt(max(2 - 2 * likeness, 0))
                return dist, dist < 0.7
            """,
        ),
        (
            "type hints, its own threshold name",
            """
            THRESHOLD = 0.7

            def verify(image_path: str, identity: str, database: dict, model) -> tuple:
                encoding = img_to_encoding(image_path=image_path, model=model)
                dist = np.linalg.norm(np.subtract(encoding, database.get(identity)))
                door_open = None
                door_open = THRESHOLD > dist
                return dist, door_open
            """,
        ),
    ]
]

WHO = [
    variant("who_is_it", name, source)
    for name, source in [
        (
            "as published: prints, and returns the nearest name",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                min_dist = 100
                for (name, db_enc) in database.items():
                    dist = np.linalg.norm(encoding - db_enc)
                    if dist < min_dist:
                        min_dist = dist
                        identity = name
                if min_dist > 0.7:
                    print("Not in the database.")
                else:
                    print("it's " + str(identity) + ", the distance is " + str(min_dist))
                return min_dist, identity
            """,
        ),
        (
            "a text for strangers",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                identity, min_dist = None, float("inf")
                for name in database:
                    dist = np.linalg.norm(encoding - database[name])
                    if dist < min_dist:
                        min_dist, identity = dist, name
                if min_dist > 0.7:
                    identity = "Not in the database."
                return min_dist, identity
            """,
        ),
        (
            "unknown, by min over the names",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                distance = {n: np.linalg.norm(encoding - known) for n, known in database.items()}
                nearest = min(distance, key=distance.get)
                return distance[nearest], nearest if distance[nearest] <= 0.7 else "unknown"
            """,
        ),
        (
            "sorted pairs",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                return sorted((float(np.linalg.norm(encoding - known)), name)
                              for name, known in database.items())[0]
            """,
        ),
        (
            "one array, NumPy's text",
            """
            def who_is_it(image_path, database, model):
                names = np.array(list(database))
                known = np.concatenate(list(database.values()))
                dist = np.linalg.norm(known - img_to_encoding(image_path, model), axis=1)
                return dist.min(), names[dist.argmin()]
            """,
        ),
        (
            "tensors",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                min_dist = tf.constant(100.0)
                for name, known in database.items():
                    dist = tf.norm(tf.cast(encoding - known, tf.float32))
                    if tf.less(dist, min_dist):
                        min_dist, identity = dist, name
                if min_dist > 0.7:
                    identity = "not in the database"
                return min_dist, identity
            """,
        ),
        (
            "squared inside, the root at the end",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                min_dist, identity = 100, ""
                for name in database.keys():
                    squared = np.sum((encoding - database[name]) ** 2)
                    if squared < min_dist:
                        min_dist, identity = squared, name
                return np.sqrt(min_dist), identity
            """,
        ),
        (
            "<= in the loop, a list",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                min_dist = 1e10
                for name, known in sorted(database.items()):
                    dist = np.linalg.norm(known - encoding)
                    if dist <= min_dist:
                        min_dist = dist
                        identity = name
                return [min_dist, identity]
            """,
        ),
        (
            "by index, prints every distance",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                names, dists = list(database.keys()), []
                for i in range(len(names)):
                    dists.append(np.linalg.norm(encoding - database[names[i]]))
                    print(names[i], dists[-1])
                best = int(np.argmin(dists))
                if dists[best] > 0.7:
                    return dists[best], "nobody in the database"
                return dists[best], names[best]
            """,
        ),
        (
            "encodes anew for each name, by fr_utils",
            """
            import fr_utils as fr

            def who_is_it(image_path, database, model):
                min_dist = 100
                for name, known in database.items():
                    dist = np.linalg.norm(fr.img_to_encoding(image_path, model) - known)
                    if dist < min_dist:
                        min_dist = dist
                        identity = name
                return min_dist, identity
            """,
        ),
        (
            "distance along the last axis, of shape (1,)",
            """
            def who_is_it(image_path, database, model):
                encoding = img_to_encoding(image_path, model)
                min_dist = 100
                for name, known in database.items():
                    dist = np.linalg.norm(encoding - known, axis=1)
                    if dist < min_dist:
                        min_dist, identity = dist, name
                return min_dist, identity
            """,
        ),
        (
            "calls its own verify",
            """
            def my_distance(image_path, identity, database, model):
                return np.linalg.norm(img_to_encoding(image_path, model) - database[identity])

            def who_is_it(image_path, database, model):
                pairs = [(my_distance(image_path, n, database, model), n) for n in database]
                min_dist, identity = min(pairs)
                return min_dist, (identity if not min_dist > 0.7 else "a stranger")
            """,
        ),
        (
            "model.predict, own picture reading",
            """
            from PIL import Image

            def who_is_it(image_path, database, model):
                picture = np.around(np.array(Image.open(image_path)) / 255.0, decimals=12)
                encoding = model.predict(np.array([np.transpose(picture, (2, 0, 1))]))
                name = min(database, key=lambda n: np.linalg.norm(encoding - database[n]))
                return np.linalg.norm(encoding - database[name]), name
            """,
        ),
    ]
]

VARIANTS = [*TRIPLET, *VERIFY, *WHO]
