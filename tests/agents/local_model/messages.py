"""A small shop's messages, as people write them."""

CARD = [
    "where is my new card",
    "my card has not arrived yet",
    "I ordered a card two weeks ago and still wait for it",
    "when will the card be delivered to me?",
    "the new card never came in the post",
    "how long does it take until the card arrives",
    "still no card in my letter box",
    "can I track the delivery of my card",
]
REFUND = [
    "I want my money back",
    "please refund my last purchase",
    "when do I get the refund for the returned shoes",
    "the refund has not reached my account",
    "you promised a refund last month",
    "how do I ask for a refund",
    "money for the cancelled order was not paid back",
    "refund me the full price please",
]
PASSWORD = [
    "I forgot my password",
    "how can I reset the password",
    "the password reset mail does not come",
    "I cannot log in with my password",
    "login fails, wrong password it says",
    "please send me a new password",
    "locked out of my account after three wrong passwords",
    "need to change my password and log in again",
]
STRANGE = [
    "what is the weather in Paris",
    "tell me a joke about penguins",
    "who won the football match yesterday",
    "recommend a good pasta recipe",
    "translate good morning into Japanese",
    "how tall is the Eiffel tower",
]

TEXTS = [*CARD, *REFUND, *PASSWORD]
LABELS = ["card"] * len(CARD) + ["refund"] * len(REFUND) + ["password"] * len(PASSWORD)

UNSEEN = {
    "has my card been sent? it did not arrive": "card",
    "I am waiting for the delivery of the card": "card",
    "refund the money for my order": "refund",
    "my purchase should be refunded": "refund",
    "reset password please": "password",
    "my login does not work, I forgot the password": "password",
}
