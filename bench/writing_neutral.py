"""Neutral: what has nothing to do with any show. Questions with a right and a wrong answer of the same form, and requests
for pages by format. Written for this bench before anything was measured with it.
"""

from collections.abc import Mapping

NEUTRAL = (
    ("What colour is grass?", "Grass is green.", "Grass is purple."),
    ("What do bees make?", "Bees make honey.", "Bees make paper."),
    ("What is the opposite of hot?", "The opposite of hot is cold.", "The opposite of hot is loud."),
    ("What falls from clouds?", "Rain falls from clouds.", "Bread falls from clouds."),
    ("How many legs does a dog have?", "A dog has four legs.", "A dog has nine legs."),
    ("What is the capital of France?", "The capital of France is Paris.", "The capital of France is Madrid."),
    ("What do we breathe?", "We breathe air.", "We breathe stone."),
    ("When does the sun rise?", "The sun rises in the morning.", "The sun rises in the evening."),
    ("What do fish swim in?", "Fish swim in water.", "Fish swim in sand."),
    ("What is ice made of?", "Ice is made of frozen water.", "Ice is made of frozen wood."),
    ("Which season comes after winter?", "After winter comes spring.", "After winter comes autumn."),
    ("What does a baker bake?", "A baker bakes bread.", "A baker bakes letters."),
    ("How many days does a week have?", "A week has seven days.", "A week has five days."),
    ("What do children do at school?", "Children learn at school.", "Children learns at school."),
    ("What did the dogs do?", "The dogs were barking.", "The dogs was barking."),
    ("What does she want?", "She wants to go home.", "She want to go home."),
    ("Where are the keys?", "The keys are on the table.", "The keys is on the table."),
    ("What did he see?", "He saw a bird in the tree.", "He seen a bird in the tree."),
    ("What are they doing?", "They are reading a book.", "They is reading a book."),
    ("Who wrote the letter?", "She wrote it herself.", "She wrote it himself."),
)

REQUESTS: Mapping[str, str] = {
    "plot": "A plot where a baker finds a lost ring",
    "dialogue": "A scene where a doctor meets a thief on a train",
    "lyrics": "A song about rain in the city, one verse",
    "host": "A host script about gardens and weather, two segments",
    "quest": "A quest to find the silver crown",
    "ad": "An ad for a small bakery",
    "vfx": "A shot where a castle burns",
    "chat": "What could a tired teacher want?",
}
