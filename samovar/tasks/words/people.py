"""Names of people, Russian ones with their cases."""

from __future__ import annotations

from samovar.tasks.words.declension import Word, female, male, surnames
from samovar.tasks.words.listing import listed

ENGLISH_GIRLS = listed(
    "Alice Amy Anna Bella Betty Carol Clara Daisy Diana Ella Emily Emma Eva Fiona Gina Grace Hannah Helen Holly Irene "
    "Ivy Jane Jenny Judy Julia Kate Kelly Laura Lily Linda Lucy Mary Mia Molly Nancy Nina Nora Olivia Pam Paula Rachel "
    "Rita Rose Ruth Sally Sara Sophie Susan Tina Vera Wendy Zoe"
)
ENGLISH_BOYS = listed(
    "Adam Alan Alex Andrew Ben Bill Bob Brian Carl Charlie Chris Colin Dan David Dennis Eric Frank Fred Gary George "
    "Greg Harry Henry Hugo Ian Ivan Jack James Jim Joe John Ken Kevin Leo Liam Luke Mark Martin Max Mike Neil Nick "
    "Oliver Oscar Paul Peter Ray Robert Roy Sam Simon Steve Ted Tim Tom Tony Victor Walter Will"
)
ENGLISH_SURNAMES = listed(
    "Adams Allen Baker Barnes Bell Bennett Brooks Brown Carter Clark Cole Collins Cooper Davis Dixon Evans Fisher Ford "
    "Foster Fox Grant Gray Green Hall Harris Hill Hunt Jackson Jones King Lane Lee Lewis Marsh Mason Miller Mills "
    "Moore Morgan Nelson Palmer Parker Perry Porter Price Reed Rogers Scott Shaw Smith Stone Taylor Turner Walker Ward "
    "Watson West White Wilson Wood Young"
)

RUSSIAN_GIRLS: tuple[Word, ...] = tuple(
    map(
        female,
        listed(
            "Алина Алиса Алла Анна Валентина Валерия Варвара Вера Вика Галина Даша Диана Ева Екатерина "
            "Елена Жанна Зина "
            "Зоя Инна Ира Карина Катя Кира Клара Ксения Лариса Лена Лида Лиза Маргарита Марина Мария "
            "Маша Милана Надежда "
            "Настя Наташа Нина Оксана Оля Полина Рита Света Соня Софья Тамара Таня Ульяна Юля Яна"
        ),
    )
)
RUSSIAN_BOYS: tuple[Word, ...] = tuple(
    map(
        male,
        listed(
            "Алексей Андрей Антон Артём Борис Вадим Валера Василий Виктор Витя Владимир Володя Гена "
            "Георгий Глеб Григорий "
            "Данила Денис Дима Дмитрий Егор Женя Захар Иван Игорь Илья Кирилл Коля Костя Лев/Льв Максим "
            "Марк Матвей Миша "
            "Никита Николай Олег Павел/Павл Паша Петя Пётр/Петр Роман Руслан Саша Семён Сергей Слава Степан Тимур "
            "Фёдор Юра Юрий Ярослав"
        ),
    )
)
RUSSIAN_SURNAMES: tuple[tuple[Word, Word], ...] = tuple(
    map(
        surnames,
        listed(
            "Антонов Баранов Белов Беляев Борисов Васильев Виноградов Волков Воробьёв Гусев Егоров Ершов Жуков Зайцев "
            "Иванов Ильин Калинин Киселёв Козлов Комаров Королёв Крылов Кузнецов Кузьмин Лебедев Макаров "
            "Медведев Миронов "
            "Морозов Никитин Николаев Новиков Орлов Осипов Павлов Петров Поляков Попов Романов Семёнов Сидоров Симонов "
            "Смирнов Соболев Соколов Соловьёв Сорокин Степанов Титов Тихонов Фёдоров Филатов Фомин Чернов Широков"
        ),
    )
)
